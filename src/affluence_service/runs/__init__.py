"""Tables scored and models trained."""

"""`affluence-service`: the verbs of the service for a terminal; see `affluence_service.verbs`."""

from affluence_service.verbs import main

if __name__ == "__main__":
    main()

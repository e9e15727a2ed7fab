"""Pages of a list: `page` and `page_size` in the address, `count`, `next` and `previous` in the answer."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Fifty on a page, up to a thousand if asked."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 1_000

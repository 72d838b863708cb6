"""One thread that sends every request before it reads the first answer."""

from http.client import HTTPConnection

from labs.gil_io import HOST, web_site


def asyncio_tasks(pages: int, delay: float) -> list[str]:
    with web_site() as port:
        connections = [HTTPConnection(HOST, port) for _ in range(pages)]
        for connection in connections:
            connection.request("GET", f"/{delay:g}")
        answers = [connection.getresponse().read().decode() for connection in connections]
        for connection in connections:
            connection.close()
    return answers

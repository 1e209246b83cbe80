from deskhand_extension import Request, Response, host, json_response


def handler(request: Request) -> Response:
    """The one function that the host calls."""
    name = request.query.get("name", "world")
    host.log.info(f"greeted {name}")
    return json_response({"hello": name})

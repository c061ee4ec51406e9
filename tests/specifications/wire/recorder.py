"""A proxy on 127.0.0.1 that writes down what passes it. Must never change a request; an answer only where a test asks for it."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from exchange import Exchange

# How long a service may take to answer, in seconds.
ANSWER = 60
# Between two connections only (RFC 9110, "Connection").
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Recorder:
    """Stands before a service at a port; `change` is given each answer's text and gives the text that is passed on."""

    def __init__(self, service, port, change=lambda exchange: exchange.answer):
        self.service, self.port, self.change = service, port, change
        self.exchanges, self.lock = [], threading.Lock()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                recorder.pass_on(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        upstream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in HOP_BY_HOP}
        upstream.request(handler.command, handler.path, body, headers)
        answer = upstream.getresponse()
        path, _, query = handler.path.partition("?")
        exchange = Exchange(
            service=self.service,
            method=handler.command,
            path=path,
            query=query or None,
            headers={name.lower(): value for name, value in headers.items() if name.lower() != "authorization"},
            body=body.decode(),
            status=answer.status,
            answer=answer.read().decode(),
            source=f"proxy:{len(self.exchanges) + 1}",
        )
        upstream.close()
        exchange.answer = self.change(exchange)
        with self.lock:
            self.exchanges.append(exchange)
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                handler.send_header(name, value)
        text = exchange.answer.encode()
        if answer.status != 204:
            handler.send_header("content-length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

#!/usr/bin/env python3
"""A client of the opencode server, with nothing but Python's standard library.

    opencode serve &
    python3 simple_client.py "What does this project do?" --read README.md

It connects, creates a session, sends a message, follows the events until the answer is complete, and reads a file.
Exits with 0 when the answer is complete, 1 when something failed, 2 when it was called wrongly.
"""

import argparse
import base64
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# The server sends a heartbeat every 10 seconds: a stream that is silent for longer than this is dead.
SILENCE_SECONDS = 30
# Between two attempts to connect again, and how many there are.
RETRY_SECONDS = 0.5
ATTEMPTS = 10


class Failed(Exception):
    """What went wrong, in a sentence."""


class Client:
    """Calls of the API: `client.call("POST", "/session", {"title": "Hello"})` answers what the JSON says."""

    def __init__(self, url, directory, user, password):
        self.url = url.rstrip("/")
        self.directory = directory
        self.headers = {"Accept": "application/json"}
        if password:
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            self.headers["Authorization"] = f"Basic {token}"
        # A proxy of the environment is for the network, not for a server on this machine.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def open(self, method, path, body=None, query=None, headers=None, timeout=None):
        query = {"directory": self.directory, **(query or {})}
        request = urllib.request.Request(
            f"{self.url}{path}?{urllib.parse.urlencode(query)}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={**self.headers, **(headers or {}), **({} if body is None else {"Content-Type": "application/json"})},
        )
        try:
            return self.opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            raise Failed(f"{method} {path} answered {error.code}: {reason_of(error.read())}") from None
        except urllib.error.URLError as error:
            raise Failed(f"{self.url} cannot be reached: {error.reason}") from None
        except http.client.HTTPException as error:
            raise Failed(f"{self.url} does not answer as a web server does: {error!r}") from None

    def call(self, method, path, body=None, query=None):
        try:
            with self.open(method, path, body, query) as answer:
                text = answer.read()
            return json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Failed(f"The answer to {method} {path} cannot be read: {error!r}") from None

    def events(self):
        """Everything that happens in the folder, without end. Comes back after a lost connection, where it was."""
        last = None
        attempts = 0
        while True:
            try:
                headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
                with self.open("GET", "/event", headers=headers, timeout=SILENCE_SECONDS) as stream:
                    for number, event in frames(stream):
                        last = number or last
                        attempts = 0
                        yield event
            except (Failed, OSError, http.client.HTTPException) as error:
                attempts += 1
                if last is None or attempts > ATTEMPTS:
                    raise Failed(f"The events cannot be followed: {error}") from None
            time.sleep(RETRY_SECONDS)


def frames(stream):
    """A frame ends with an empty line; its lines are `field: value`."""
    number, data = None, []
    for line in stream:
        line = line.decode().rstrip("\r\n")
        if line:
            field, _, value = line.partition(": ")
            if field == "id":
                number = value
            elif field == "data":
                data.append(value)
        elif data:
            yield number, json.loads("\n".join(data))
            number, data = None, []


def reason_of(body):
    """Errors have their sentence in one of two places."""
    try:
        error = json.loads(body)
        return error.get("message") or error["data"]["message"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return body.decode(errors="replace")[:200]


def converse(client, prompt, model, allow):
    """Sends a prompt in a new session, and prints the answer while it is written."""
    session = client.call("POST", "/session", {"title": prompt[:50]})["id"]
    events = client.events()
    next(events)  # `server.connected`: from here on nothing is missed
    body = {"parts": [{"type": "text", "text": prompt}]}
    if model:
        provider, _, name = model.partition("/")
        body["model"] = {"providerID": provider, "modelID": name}
    client.call("POST", f"/session/{session}/prompt_async", body)

    family = {session}  # and its subagents, which ask by their own ids
    answers = set()  # messages of the model: those of the person are told as well
    printed = {}  # how much of each text, by part: what is thought aloud comes in deltas too, and is no text
    for event in events:
        kind, properties = event["type"], event["properties"]
        if kind == "server.connected" and not properties.get("resumed"):
            raise Failed("The server was restarted. Read GET /session/{id}/message for what is known.")
        if kind == "session.created" and properties["info"].get("parentID") in family:
            family.add(properties["info"]["id"])
        elif kind == "permission.asked" and properties["sessionID"] in family:
            reply = "once" if allow else "reject"
            print(f"[{properties['permission']} {' '.join(properties['patterns'])}: {reply}]", file=sys.stderr)
            client.call("POST", f"/permission/{properties['id']}/reply", {"reply": reply})
        elif kind == "question.asked" and properties["sessionID"] in family:
            client.call("POST", f"/question/{properties['id']}/reject")
        if properties.get("sessionID") != session:
            continue
        if kind == "message.updated" and properties["info"]["role"] == "assistant":
            answers.add(properties["info"]["id"])
        elif kind == "message.part.updated":
            part = properties["part"]
            if part["type"] == "text" and part["messageID"] in answers:
                # Begins and ends a text; after a lost connection it also brings what was missed.
                print(part["text"][printed.get(part["id"], 0) :], end="", flush=True)
                printed[part["id"]] = max(len(part["text"]), printed.get(part["id"], 0))
            if part["type"] == "tool" and part["state"]["status"] == "completed":
                print(f"[{part['tool']}: {part['state']['title']}]", file=sys.stderr)
        elif kind == "message.part.delta" and properties["partID"] in printed:
            print(properties["delta"], end="", flush=True)
            printed[properties["partID"]] += len(properties["delta"])
        elif kind == "session.error":
            error = properties.get("error") or {}
            raise Failed((error.get("data") or {}).get("message") or error.get("name") or "The turn failed.")
        elif kind == "session.idle":
            print()
            return


def address(text):
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} does not begin with http:// or https://")
    return text


def main():
    parser = argparse.ArgumentParser(description="A client of the opencode server.")
    parser.add_argument("prompt")
    parser.add_argument("--url", type=address, default="http://127.0.0.1:4096")
    parser.add_argument("--directory", default=os.getcwd(), help="the folder to work in, as the server sees it")
    parser.add_argument("--model", metavar="PROVIDER/MODEL")
    parser.add_argument("--read", metavar="FILE", help="a file of the folder to print at the end")
    parser.add_argument("--allow", action="store_true", help="allow what the agent asks for, instead of refusing it")
    options = parser.parse_args()

    user = os.environ.get("OPENCODE_SERVER_USERNAME", "opencode")
    client = Client(options.url, options.directory, user, os.environ.get("OPENCODE_SERVER_PASSWORD"))
    try:
        print(f"opencode {client.call('GET', '/global/health')['version']}", file=sys.stderr)
        converse(client, options.prompt, options.model, options.allow)
        if options.read:
            file = client.call("GET", "/file/content", query={"path": options.read})
            print(file["content"] if file["type"] == "text" else f"[{len(file['content'])} characters of base64]")
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

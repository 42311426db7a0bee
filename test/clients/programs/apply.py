"""Makes a Kafka Connect have the connectors of a file, as declarative tools do.

Arguments: URL FILE, a JSON object of name to configuration. Each connector whose configuration differs is put, and read
until it is the one that was sent; a connector that is null is deleted. Prints {name: "created" | "updated" | "unchanged" |
"deleted"}, and the differing keys of what was updated.
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_SECONDS = 60


def request(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=90) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def current(url):
    try:
        return request("GET", url + "/config")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def differing(one, other):
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def apply(url, name, config):
    before = current(url)
    if config is None:
        if before is None:
            return {"outcome": "unchanged"}
        request("DELETE", url)
        return {"outcome": "deleted"}
    wanted = {**config, "name": name}
    if before == wanted:
        return {"outcome": "unchanged"}
    request("PUT", url + "/config", config)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (after := current(url)) != wanted:
        if time.monotonic() > deadline:
            sys.exit(f"{name} is not what was sent: {differing(after or {}, wanted)} differ")
        time.sleep(0.1)
    if before is None:
        return {"outcome": "created"}
    return {"outcome": "updated", "keys": differing(before, wanted)}


server, file = sys.argv[1:]
with open(file, encoding="utf-8") as text:
    desired = json.load(text)
outcomes = {}
for name, config in desired.items():
    url = f"{server}/connectors/{urllib.parse.quote(name, safe='')}"
    try:
        outcomes[name] = apply(url, name, config)
    except urllib.error.HTTPError as error:
        outcomes[name] = {"outcome": "refused", "status": error.code, "message": json.load(error)["message"]}
json.dump(outcomes, sys.stdout)

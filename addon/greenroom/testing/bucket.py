# SPDX-License-Identifier: Apache-2.0
"""A bucket on this machine, by moto's server: it speaks S3 over HTTP and checks every signature, as a real one does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import IO

import httpx

__all__ = ["serve_bucket"]

_MANY = "1000000"  # calls without a key: until there is one, none can be asked for


@contextmanager
def serve_bucket(name: str) -> Iterator[dict[str, str]]:
    """The environment variables of who may use the bucket, while it is there."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": _MANY}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            url = _said(server.stderr)
            Thread(target=server.stderr.read, daemon=True).start()
            with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
                key, secret = _key(client, name)
            yield {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": key,
                "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        finally:
            server.kill()


def _said(lines: IO[str]) -> str:
    for line in lines:
        if found := re.search(r"http://[\d.]+:\d+", line):
            return found[0]
    raise AssertionError("moto's server didn't start: pip install 'moto[s3]' flask flask-cors")


def _key(client: httpx.Client, bucket: str) -> tuple[str, str]:
    """Makes the bucket and a user of it; from then on every call needs a key."""
    client.put(f"/{bucket}", headers=_unsigned("s3")).raise_for_status()
    _ask(client, {"Action": "CreateUser", "UserName": "desk"})
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    policy = {"PolicyName": "all", "PolicyDocument": json.dumps(allowed)}
    _ask(client, {"Action": "PutUserPolicy", "UserName": "desk", **policy})
    text = _ask(client, {"Action": "CreateAccessKey", "UserName": "desk"})
    client.post("/moto-api/reset-auth", content="0").raise_for_status()
    key, secret = (re.search(f"<{tag}>(.+?)<", text) for tag in ("AccessKeyId", "SecretAccessKey"))
    assert key is not None
    assert secret is not None
    return key[1], secret[1]


def _ask(client: httpx.Client, words: Mapping[str, str]) -> str:
    answer = client.post("/", data={"Version": "2010-05-08", **words}, headers=_unsigned("iam"))
    answer.raise_for_status()
    return answer.text


def _unsigned(service: str) -> dict[str, str]:
    who = f"Credential=nobody/20260101/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 {who}, SignedHeaders=host, Signature=none"}

# What the story of the Python SDK does with it. Each step says one line of JSON.
import json
import sys

from openai_codex import Codex, CodexConfig, CodexError


def say(**what):
    print(json.dumps(what), flush=True)


with Codex(CodexConfig(codex_bin=sys.argv[1])) as codex:
    server = codex.metadata.serverInfo
    say(server=server.name, version=server.version, models=len(codex.models().data))
    thread = codex.thread_start(cwd="/")
    thread.set_name("named")
    read = thread.read().thread
    say(id=thread.id, read=read.id, name=read.name, listed=len(codex.thread_list().data))
    try:
        thread.run("hello")
    except CodexError as error:
        say(error=type(error).__name__, words=str(error))

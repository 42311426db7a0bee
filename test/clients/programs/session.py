"""Evaluates code with an installed library.

Each line of stdin is {"code", "values"}: an expression or statements, and variables for it, which stay for later lines.
Each answer is a line of stdout: {"result", "printed"}, or {"error", "message", "body", "printed"} with the exception's class
and, of an HTTP error, the body of the answer.
"""

import contextlib
import io
import json
import sys


def program(entry, *arguments):
    """Calls a console script's entry point, as the script does: {"status", "stdout", "stderr"}."""
    out, err = io.StringIO(), io.StringIO()
    before, hook, status = sys.argv, sys.excepthook, 0
    sys.argv = ["program", *arguments]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            result = entry()
            status = result if isinstance(result, int) else 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except Exception:
            sys.excepthook(*sys.exc_info())
            status = 1
    sys.argv, sys.excepthook = before, hook
    return {"status": status, "stdout": out.getvalue(), "stderr": err.getvalue()}


answers = sys.stdout
scope = {"program": program}
for line in sys.stdin:
    request = json.loads(line)
    scope.update(request["values"])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            try:
                code = compile(request["code"], "session", "eval")
            except SyntaxError:
                code = compile(request["code"], "session", "exec")
            answer = {"result": eval(code, scope)}
        except Exception as error:
            answer = {"error": type(error).__name__, "message": str(error)}
            response = getattr(error, "response", None)
            if response is not None:
                answer["body"] = response.text
    answer["printed"] = printed.getvalue()
    answers.write(json.dumps(answer, default=repr) + "\n")
    answers.flush()

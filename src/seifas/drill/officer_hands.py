"""An officer at the desk, over its real pages: forms are sent as a browser sends them, passkeys touched when asked."""

from __future__ import annotations

import html
import re
from typing import Final

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.drill.stage import Answer, Browser, Stage
from seifas.drill.thieves import enrol, form_of, origin_of
from seifas.errors import Unavailable

_DIGEST: Final = re.compile(r'"digest": "([0-9a-f]{64})"')
_WAITING: Final = re.compile(
    r'name="id" value="([0-9a-f]{32})"><input type="hidden" name="back"[^>]*>\s*<button name="do" value="approve"'
)
_SAID: Final = re.compile(r'role="alert"[^>]*>(.*?)</', re.DOTALL)


class Officer:
    """One person's session with a passkey of theirs. Close it."""

    def __init__(self, stage: Stage, account: str) -> None:
        self.stage = stage
        self.browser: Browser = stage.sign_in(account)
        self._passkey: SoftAuthenticator = enrol(stage, self.browser)
        self._form = form_of(self.browser)

    def close(self) -> None:
        self.browser.close()

    def page(self, path: str) -> str:
        """A page's HTML. Raises Unavailable for one that is not shown."""
        answer = self.browser.read(path)
        if answer.status != 200:
            raise Unavailable(f"the desk did not show a page: {path}, {answer.status}")
        return answer.body.decode()

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """A form; where a passkey is asked for it is touched, and the form sent again. Raises Unavailable for a form
        that was not taken."""
        sent = {"form": self._form, **fields}
        answer = self.browser.form(path, sent)
        if answer.status == 403 and (digest := _DIGEST.search(html.unescape(answer.body.decode()))):
            self._touch(digest[1])
            answer = self.browser.form(path, sent)
        if answer.status not in (200, 303):
            said = _SAID.search(answer.body.decode(errors="replace"))
            told = re.sub("<[^>]*>", "", said[1]).strip()[:200] if said else ""
            raise Unavailable(f"the desk did not take a form: {path}, {answer.status}: {told}")
        return answer

    def _touch(self, digest: str) -> None:
        begun = self.browser.form("/auth/step-up/begin", {"form": self._form, "digest": digest}).json
        touched = self._passkey.get(begun["options"], origin_of(self.stage))
        done = {"form": self._form, "handle": begun["handle"], "credential": touched}
        if self.browser.form("/auth/step-up/finish", done).status != 200:
            raise Unavailable("the passkey was not taken")

    def approve_all(self) -> int:
        """Says yes to every request of somebody else's that waits; how many."""
        waiting = _WAITING.findall(self.page("/desk/approvals"))
        for one in waiting:
            self.post("/desk/approvals", {"id": one, "back": "/desk/approvals", "do": "approve"})
        return len(waiting)

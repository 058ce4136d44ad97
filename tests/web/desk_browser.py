"""A browser without scripts: keeps cookies, follows redirects, sends forms as our own pages do."""

import re

import httpx
from running_vault import RunningVault

from seifas.drill.soft_authenticator import SoftAuthenticator


class Browser(httpx.Client):
    """An httpx client that keeps cookies, follows redirects and sends forms as our own pages do."""

    def form_token(self) -> str:
        found = re.search(r'name="form" value="([0-9a-f]{64})"', self.get("/desk/account").text)
        assert found is not None
        return found[1]

    def submit(self, path: str, **fields: str) -> httpx.Response:
        here = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        return self.post(path, data={"form": self.form_token(), **fields}, headers=here)


class Touching:
    """A passkey of the person behind a browser: adds itself, and touches what a page asks to be touched."""

    def __init__(self, vault: RunningVault, browser: Browser) -> None:
        self._vault = vault
        self._browser = browser
        self._key = SoftAuthenticator()
        self._origin = vault.settings.origins[0]
        begun = vault.desk("passkey.add_begin", session=self._token)
        made = self._key.create(begun["options"], self._origin)
        vault.desk("passkey.add_finish", session=self._token, handle=begun["handle"], credential=made)

    @property
    def _token(self) -> str:
        return self._browser.cookies["seifas"]

    def step_up(self, page: str) -> None:
        """The gesture over the digest that a page names, through the web as the page's script does it."""
        digest = re.search(r'"digest": "([0-9a-f]{64})"', page)
        assert digest is not None, page
        self._touch("/auth/step-up", digest=digest[1])

    def resume(self, page: str) -> str:
        """Goes on with a locked session; where the page leads then."""
        back = re.search(r'"back": "([^"]*)"', page)
        assert back is not None
        form = re.search(r'"form": "([0-9a-f]{64})"', page)
        assert form is not None
        return self._touch("/auth/resume", form=form[1], back=back[1])

    def _touch(self, where: str, **fields: str) -> str:
        fields.setdefault("form", "")
        headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
        sent = {**fields, "form": fields["form"] or self._browser.form_token()}
        begun = self._browser.post(f"{where}/begin", data=sent, headers=headers)
        assert begun.status_code == 200, begun.text
        touched = self._key.get(begun.json()["options"], self._origin)
        done = {**sent, "handle": begun.json()["handle"], "credential": touched}
        answer = self._browser.post(f"{where}/finish", data=done, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json().get("next", ""))

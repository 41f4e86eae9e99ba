"""The command that reproduces the report is copied, or selected where that is not allowed."""

import pytest

TOLD = "#account [data-copy] + [role=status]"
SELECTED = "return getSelection().toString()"


@pytest.fixture(scope="module")
def account(browser, page):
    with browser.opening(page):
        browser.bring("#command")
        yield browser


def allow(browser, setting):
    permission = {"name": "clipboard-write"}
    browser.tell("Browser.setPermission", permission=permission, setting=setting)


def test_the_button_copies_the_command(account):
    allow(account, "granted")
    account.run("""
        const { clipboard } = navigator;
        window.copied = [];
        const write = clipboard.writeText.bind(clipboard);
        clipboard.writeText = (text) => write(text).then(() => window.copied.push(text));
    """)
    account.click("[data-copy]")
    account.until_text(TOLD, "Copied.")
    assert account.run("return window.copied") == ["mlip-compose run four-by-eight.yaml"]
    assert account.run(SELECTED) == ""


def test_where_a_page_may_not_copy_the_command_is_selected(account):
    allow(account, "denied")
    account.click("[data-copy]")
    account.until_text(TOLD, "Selected: copy it with the keyboard.")
    assert account.run(SELECTED) == "mlip-compose run four-by-eight.yaml"

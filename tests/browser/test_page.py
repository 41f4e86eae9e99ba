COLOURS = """
    const { backgroundColor, color } = getComputedStyle(document.body);
    const text = document.querySelector("#gap-plot .ytick text");
    return text && [backgroundColor, color, getComputedStyle(text).fill].join("; ");
"""
DARK = "rgb(20, 23, 27); rgb(232, 234, 237); rgb(232, 234, 237)"
LIGHT = "rgb(255, 255, 255); rgb(22, 25, 29); rgb(22, 25, 29)"


def test_colours_follow_the_system_until_they_are_chosen(opened):
    def become(colours):
        opened.until(f"return (() => {{ {COLOURS} }})() === arguments[0]", colours)

    opened.bring("#gap-plot")
    become(LIGHT)
    opened.colours_of_the_system(dark=True)
    become(DARK)
    opened.choose("#theme-choice", "light")
    become(LIGHT)
    opened.colours_of_the_system(dark=False)
    opened.choose("#theme-choice", "dark")
    become(DARK)
    opened.choose("#theme-choice", "as the system")
    become(LIGHT)


def test_on_a_phone_the_contents_are_behind_a_button_and_lead_to_a_section(browser, page):
    with browser.opening(page, 390):
        browser.until("return document.querySelectorAll('.tabulator-row').length > 0")
        contents = browser.one("#contents")
        assert not contents.is_displayed()
        browser.click(".contents")
        assert contents.is_displayed()
        browser.one("#contents a[href='#certificates']").click()
        assert not contents.is_displayed()
        assert browser.inside("#certificates")
        browser.until("return document.querySelector('#molecules.filled [data-viewer] canvas')")
        assert browser.inside("#certificates")  # though what is above has grown


def test_a_level_is_chosen_for_all_sections(opened):
    opened.choose("#map [data-state=level]", "1")
    chosen = "return [...document.querySelectorAll('[data-state=level]')].map(({ value }) => value)"
    assert set(opened.run(chosen)) == {"1"}
    shown = opened.run("""
        return [...document.querySelectorAll("[data-level]")]
            .filter((part) => !part.hidden).map((part) => part.dataset.level);
    """)
    assert set(shown) == {"1"}
    opened.until_text("[data-map=left] h3", "wide on length, level 1")

def test_a_cell_of_the_map_opens_its_molecule(opened):
    opened.bring("[data-map=left] .plot")
    x, y, text = opened.until("""
        const text = document.querySelector("[data-map=left] .textpoint text");
        if (!text) return null;
        const at = text.getBoundingClientRect();
        return [at.x + at.width / 2, at.y + at.height / 2, text.textContent];
    """)
    opened.click_at(x, y)
    opened.until("return location.hash.startsWith('#molecule=')")
    molecule = opened.run("return decodeURIComponent(location.hash.slice(10))")
    opened.until_text("[data-molecule-name]", molecule)
    links = opened.run(
        """return [...document.querySelectorAll("[data-map=left] .tables a")]
            .filter((link) => link.textContent === arguments[0])
            .map((link) => link.getAttribute("href"))""",
        text,
    )
    assert f"#molecule={molecule}" in links
    opened.until("return document.querySelector('[data-viewer] canvas')")
    assert opened.inside("#molecules")
    assert opened.run("return document.activeElement.textContent") == molecule


def test_an_address_names_a_molecule(browser, page):
    with browser.opening(page, mark="#molecule=CHO-8-H"):
        browser.until_text("[data-molecule-name]", "CHO-8-H")
        browser.until("return document.querySelector('[data-viewer] canvas')")
        assert browser.inside("#molecules")


def test_two_potentials_are_set_side_by_side(opened):
    heads = "[data-map]:not([hidden]) h3"
    first = "[data-map=right] .textpoint text"
    opened.bring("[data-map=right] .plot")
    opened.choose("#map [data-state=task]", "recombination")
    opened.choose("#map [data-state=right]", "short")
    opened.until_text("[data-map=right] h3", "short on recombination, level 2")
    assert opened.texts(heads) == [
        "wide on recombination, level 2",
        "short on recombination, level 2",
    ]
    panels = opened.texts("[data-map=right] h4")
    assert panels[:2] == ["One end group, X-(CH₂)n-H", "Two end groups, X-(CH₂)4-Y"]
    errors = opened.until(f'return document.querySelector("{first}")').text
    opened.choose("#map [data-state=quantity]", "gap: force MAE / mean ID force MAE")
    opened.until(f'return document.querySelector("{first}")?.textContent.includes(".")')
    assert opened.text(first) != errors
    assert opened.text("#map [data-scale-label]").startswith("gap")
    opened.choose("#map [data-state=right]", "none")
    opened.until("return document.querySelector('[data-map=right]').hidden")
    assert opened.texts(heads) == ["wide on recombination, level 2"]

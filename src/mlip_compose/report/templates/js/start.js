// Light and dark: figures are drawn again in the colours of the moment.
const system = matchMedia("(prefers-color-scheme: dark)");
const darkRule = Array.from(document.styleSheets)
  .flatMap((sheet) => Array.from(sheet.cssRules))
  .find((rule) => rule.media && rule.media.mediaText.includes("prefers-color-scheme: dark"));
const asTheSystem = darkRule.media.mediaText;

document.getElementById("theme-choice").addEventListener("change", (event) => {
  const media = { "": asTheSystem, light: "not all", dark: "screen" };
  darkRule.media.mediaText = media[event.target.value];
  show();
});
system.addEventListener("change", () => show());

// The study that is shown. Others wait in templates and take its place when they are chosen.
const home = document.getElementById("study");
const first = document.querySelector("template") ? home.cloneNode(true) : null;

async function start(study, bring = () => {}) {
  const packed = document.querySelector(`.report-data[data-study="${study}"]`).textContent;
  data = JSON.parse(new TextDecoder().decode(await inflate(packed)));
  bring();
  const chosen = state || {};
  state = data.initial;
  Object.keys(state).forEach((name) => {
    const options = all(`[data-state=${name}] option`).map((option) => option.value);
    if (options.includes(chosen[name])) state[name] = chosen[name];
  });
  starts.forEach((task) => task());
  show();
}

const studyChoice = document.getElementById("study-choice");
if (studyChoice) {
  studyChoice.value = "0";
  studyChoice.addEventListener("change", () => {
    const study = studyChoice.value;
    const waiting = study === "0" ? first : document.querySelector(`template[data-study="${study}"]`).content;
    start(study, () => {
      all(".js-plotly-plot").forEach((plot) => Plotly.purge(plot));
      home.replaceChildren(...waiting.cloneNode(true).childNodes);
    });
  });
}

document.documentElement.classList.add("scripted");
start("0");

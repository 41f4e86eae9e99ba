// Buttons that copy the text beside them.

async function copy(button) {
  const text = document.getElementById(button.dataset.copy).textContent;
  const told = button.nextElementSibling;
  try {
    await navigator.clipboard.writeText(text);
    told.textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    told.textContent = "Selected: copy it with the keyboard.";
  }
}

whenStudyStarts(() => all("[data-copy]").forEach((button) => {
  button.addEventListener("click", () => copy(button));
}));

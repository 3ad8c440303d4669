// What a page can do with the tag: listen to its answers, and send its value with the form.
const form = document.getElementById("form");
const sent = document.getElementById("sent");

form.addEventListener("wcw-result", ({ detail }) => {
  // detail.result has the label, the confidence and every class's score; detail.text stays in this page.
  form.dataset.mood = detail.result.is_uncertain ? "unsure" : String(detail.result.label);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sent.textContent = `would send: ${new URLSearchParams(new FormData(form))}`;
});

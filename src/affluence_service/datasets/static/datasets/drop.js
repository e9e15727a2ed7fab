// Sends a dropped or chosen file as it is, and shows how much of it is there. Without this the form sends it.
(() => {
  const drop = document.getElementById("drop");
  if (!drop) return;
  const file = document.getElementById("file"), sent = document.getElementById("sent"), words = document.getElementById("sent-words");
  const error = document.getElementById("drop-error"), title = document.getElementById("drop-words"), before = title.textContent;
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

  const fail = (sentence) => {
    error.textContent = sentence;
    error.hidden = false;
    document.getElementById("sending").hidden = true;
    drop.removeAttribute("aria-busy");
  };
  const send = (chosen) => {
    if (!chosen || drop.getAttribute("aria-busy")) return;
    error.hidden = true;
    drop.setAttribute("aria-busy", "true");
    title.textContent = chosen.name;
    document.getElementById("sending").hidden = false;
    const form = new FormData();
    form.append("contract", document.getElementById("contract").value);
    form.append("file", chosen);
    const request = new XMLHttpRequest();
    request.open("POST", drop.action || location.href);
    request.setRequestHeader("X-CSRFToken", drop.querySelector("[name=csrfmiddlewaretoken]").value);
    request.setRequestHeader("X-Sent-By", "script");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      sent.value = (100 * event.loaded) / event.total;
      words.textContent = `${megabytes(event.loaded)} of ${megabytes(event.total)}`;
    });
    request.addEventListener("load", () => {
      const to = request.getResponseHeader("X-Go-To");
      if (to) location.assign(to);
      else fail(request.status === 413 ? `${chosen.name} is larger than what is taken.` : `${chosen.name} could not be sent (${request.status}). Load the page again and try once more.`);
    });
    request.addEventListener("error", () => fail(`The connection broke off while ${chosen.name} was sent. Try it again.`));
    request.send(form);
  };
  file.addEventListener("change", () => send(file.files[0]));
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); title.textContent = "Let go to add the table"; });
  drop.addEventListener("dragleave", () => { drop.classList.remove("over"); title.textContent = before; });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    send(event.dataTransfer.files[0]);
  });
})();

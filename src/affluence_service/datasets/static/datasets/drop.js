// Sends a dropped or chosen file as it is, and shows how much of it is there. Without this the form sends it.
(() => {
  const drop = document.getElementById("drop");
  if (!drop) return;
  const file = document.getElementById("file"), sent = document.getElementById("sent"), words = document.getElementById("sent-words");
  const error = document.getElementById("drop-error"), title = document.getElementById("drop-words"), before = title.textContent;
  // The sentences stand on the form, in the reader's language, with words in capitals where something is put in.
  const say = (sentence, put) => sentence.replace(/[A-Z]{3,}/g, (word) => put[word] ?? word);
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
      words.textContent = say(drop.dataset.soFar, { SENT: megabytes(event.loaded), ALL: megabytes(event.total) });
    });
    request.addEventListener("load", () => {
      const to = request.getResponseHeader("X-Go-To");
      if (to) location.assign(to);
      else fail(say(request.status === 413 ? drop.dataset.tooLarge : drop.dataset.notSent, { NAME: chosen.name, STATUS: request.status }));
    });
    request.addEventListener("error", () => fail(say(drop.dataset.brokeOff, { NAME: chosen.name })));
    request.send(form);
  };
  file.addEventListener("change", () => send(file.files[0]));
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); title.textContent = drop.dataset.letGo; });
  drop.addEventListener("dragleave", () => { drop.classList.remove("over"); title.textContent = before; });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    send(event.dataTransfer.files[0]);
  });
})();

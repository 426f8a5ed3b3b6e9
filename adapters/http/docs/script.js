// The page is whole without this file. It adds a form to each operation, which asks
// the server that the page came from.
"use strict";

(() => {
  const narrow = window.matchMedia("(max-width: 59.99rem)");
  const menu = document.querySelector(".menu");
  menu.open = !narrow.matches;
  menu.addEventListener("click", (event) => {
    if (narrow.matches && event.target.closest("a")) menu.open = false;
  });

  for (const article of document.querySelectorAll("article[data-path]")) {
    const open = document.createElement("button");
    open.type = "button";
    open.className = "open";
    open.textContent = "Try it";
    open.addEventListener("click", () => {
      article.append(article.querySelector("template").content.cloneNode(true));
      const form = article.querySelector("form");
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        send(article, form);
      });
      open.remove();
      form.querySelector("input, select, textarea, button").focus();
    });
    article.append(open);
  }

  const token = document.getElementById("token");
  token.closest(".token").hidden = false;

  // requestOf returns the address and the options of the request that a form describes.
  function requestOf(article, form) {
    let root = article.dataset.root;
    let path = article.dataset.path;
    const query = new URLSearchParams();
    const options = { method: article.dataset.method, headers: {} };
    for (const field of form.elements) {
      const value = field.value;
      switch (field.dataset.in) {
        case "ledger":
          if (value) root = "/v1/ledgers/" + encodeURIComponent(value);
          break;
        case "path":
          path = path.replace("{" + field.name + "}", encodeURIComponent(value));
          break;
        case "header":
          if (value) options.headers[field.name] = value;
          break;
        case "query":
          if (value && field.name.endsWith(".KEY")) {
            // Pairs as they stand in an address.
            for (const [name, text] of new URLSearchParams(value)) query.append(name, text);
          } else if (value) {
            query.append(field.name, value);
          }
          break;
        default:
          if (field.name === "body" && value.trim()) {
            options.body = value;
            options.headers["Content-Type"] = field.dataset.type;
          }
      }
    }
    if (token.value.trim()) options.headers.Authorization = "Bearer " + token.value.trim();
    const text = query.toString();
    return [root + path + (text && "?" + text), options];
  }

  async function send(article, form) {
    const button = form.querySelector("button");
    const [address, options] = requestOf(article, form);
    button.disabled = true;
    try {
      const response = await fetch(address, options);
      const body = await response.text();
      show(form, response.status, `${options.method} ${address}`, headersOf(response), pretty(body));
    } catch (error) {
      show(form, 0, `${options.method} ${address}`, "", String(error));
    }
    button.disabled = false;
  }

  function headersOf(response) {
    const shown = ["Content-Type", "Idempotent-Replayed", "Dry-Run", "Retry-After", "WWW-Authenticate", "X-Request-Id"];
    return shown.filter((name) => response.headers.has(name)).map((name) => `${name}: ${response.headers.get(name)}\n`).join("");
  }

  // The examples are for this server, wherever it is.
  for (const code of document.querySelectorAll("pre.command code")) {
    code.textContent = code.textContent.replaceAll("http://127.0.0.1:8080", location.origin);
  }

  // pretty indents JSON of whole and quoted numbers alone, for a number that is parsed
  // might be printed as another.
  function pretty(text) {
    try {
      const indented = JSON.stringify(JSON.parse(text), null, 2);
      return indented.replace(/\s/g, "") === text.replace(/\s/g, "") ? indented : text;
    } catch {
      return text;
    }
  }

  function show(form, status, request, headers, body) {
    const line = document.createElement("p");
    const badge = document.createElement("span");
    badge.className = "status s" + String(status)[0];
    badge.textContent = status || "failed";
    line.append(badge, " ", request);
    const answer = document.createElement("pre");
    const code = document.createElement("code");
    code.textContent = headers + (headers && "\n") + body;
    answer.append(code);
    form.querySelector("output").replaceChildren(line, answer);
  }
})();

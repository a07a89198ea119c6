
"use strict";
// Search and finder of the atlas. Texts are put in as texts, never as markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const words = read("words");
  const plural = new Intl.PluralRules(document.documentElement.lang);
  const made = (tag, text, kind) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };

  // -- search ---------------------------------------------------------------------------------------------------------

  // A word is found where one begins with it: "hr" is none of "through".
  const plain = (text) => ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()} `;
  const textOf = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode.data);
    return plain(found.join(" "));
  };
  const items = [...document.querySelectorAll("main .item")].map((element) => ({
    element, text: textOf(element), talks: [...element.querySelectorAll("details")],
  }));
  const sections = [...document.querySelectorAll("main section")];
  const held = (text, wanted) => wanted.filter((word) => text.includes(` ${word}`)).length;
  const holds = (text, wanted) => held(text, wanted) === wanted.length;

  const search = () => {
    const wanted = plain(byId("q").value).split(" ").filter(Boolean);
    const most = Math.max(...items.map((item) => held(item.text, wanted)));
    let found = 0;
    for (const item of items) {
      const fits = !wanted.length || (most > 0 && held(item.text, wanted) === most);
      item.element.hidden = !fits;
      found += fits ? 1 : 0;
      for (const talk of item.talks) {
        const outside = item.text.replace(textOf(talk), " ");
        talk.open = fits && most === wanted.length && wanted.length > 0 && !holds(outside, wanted);
      }
    }
    for (const section of sections) {
      const all = section.querySelectorAll(".item");
      section.hidden = wanted.length > 0 && ![...all].some((element) => !element.hidden);
      for (const head of section.querySelectorAll("h3[id]")) hideIdle(head, wanted.length > 0);
    }
    const counts = most === wanted.length ? words.found : words.some;
    const count = counts[plural.select(found)] ?? counts.other;
    document.querySelector("nav").hidden = wanted.length > 0;
    byId("found").textContent = !wanted.length ? "" : found ? count.replace("{count}", found) : words.nothing;
  };

  // A heading goes with what stands below it, up to the next heading.
  const hideIdle = (head, searching) => {
    let idle = searching;
    const between = [];
    for (let next = head.nextElementSibling; next && next.tagName !== "H3"; next = next.nextElementSibling) {
      const inside = next.matches(".item") ? [next] : [...next.querySelectorAll(".item")];
      if (inside.some((element) => !element.hidden)) idle = false;
      if (!inside.length) between.push(next);
    }
    for (const element of [head, ...between]) element.hidden = idle;
  };

  byId("q").addEventListener("input", search);
  document.querySelector(".search").addEventListener("submit", (event) => event.preventDefault());
  // A link leads to what it names even while a search hides it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const target = link && byId(decodeURIComponent(link.getAttribute("href").slice(1)));
    if (target && byId("q").value && (target.hidden || target.closest("[hidden]"))) {
      byId("q").value = "";
      search();
    }
  });

  // -- finder ---------------------------------------------------------------------------------------------------------

  const { facts, nodes, outcomes, days, root } = read("diagram");
  const chosen = new Map();
  const boxes = new Map();

  // Values of a fact that can be true together with what was chosen before it: what follows from one day moves together.
  const possible = (fact) => {
    const about = days.find((day) => day.some((band) => fact in band));
    const all = facts[fact].values.map((_, value) => value);
    if (!about) return all;
    const agree = about.filter((band) => Object.entries(band).every(
      ([other, value]) => +other >= fact || !chosen.has(+other) || chosen.get(+other) === value));
    return all.filter((value) => agree.some((band) => band[fact] === value));
  };

  const memory = new Map();
  const below = (number) => {
    if (!memory.has(number)) {
      const [fact, ...rest] = nodes[number];
      memory.set(number, fact < 0 ? new Set(rest) : new Set(rest.flatMap((next) => [...below(next)])));
    }
    return memory.get(number);
  };

  const walk = () => {
    const asked = [];
    let number = root;
    while (nodes[number][0] >= 0) {
      const [fact, ...next] = nodes[number];
      const values = possible(fact);
      if (chosen.has(fact) && !values.includes(chosen.get(fact))) chosen.delete(fact);
      if (values.length > 1) asked.push(fact);
      if (values.length > 1 && !chosen.has(fact)) break;
      number = next[values.length > 1 ? chosen.get(fact) : values[0]];
    }
    return { asked, number };
  };

  const usual = (number) => {
    while (nodes[number][0] >= 0) {
      const [fact, ...next] = nodes[number];
      const values = possible(fact);
      number = next[values.includes(facts[fact].usual) ? facts[fact].usual : values[0]];
    }
    return outcomes[nodes[number][1]];
  };

  const box = (fact) => {
    if (!boxes.has(fact)) {
      const field = made("fieldset");
      field.append(made("legend", facts[fact].question));
      field.append(made("div", "", "choices"));
      boxes.set(fact, field);
    }
    const choices = boxes.get(fact).lastChild;
    const values = possible(fact);
    const key = values.join();
    if (choices.dataset.values !== key) {
      choices.dataset.values = key;
      const offered = values.map((value) => [value, facts[fact].labels[value]]);
      if (facts[fact].unsure) offered.push([facts[fact].usual, facts[fact].unsure]);
      choices.replaceChildren(...offered.map(([value, text], place) => choice(fact, value, text, place)));
    }
    return boxes.get(fact);
  };

  const choice = (fact, value, text, place) => {
    const label = made("label");
    const input = made("input");
    Object.assign(input, { type: "radio", name: facts[fact].id, value: `${value}.${place}` });
    input.addEventListener("change", () => {
      chosen.set(fact, value);
      update();
    });
    label.append(input, made("span", text));
    return label;
  };

  const list = (title, texts, kind) => {
    const lines = texts.filter(Boolean);
    if (!lines.length) return [];
    const shown = made("ul", "", kind);
    shown.append(...lines.map((line) => {
      const entry = made("li");
      entry.append(...[line].flat());
      return entry;
    }));
    return [made("h4", title), shown];
  };

  const text = (selector, scope = document) => scope.querySelector(selector)?.textContent ?? "";
  const copied = (element) => [...element.cloneNode(true).childNodes];
  const said = (id) => copied(byId(id).querySelector(":scope > .said"));

  const wording = (kind, rung) => {
    const entry = made("div");
    const link = made("a", kind);
    link.href = `#note-${kind}`;
    entry.append(link);
    const texts = [...byId(`note-${kind}`).querySelectorAll(".wording")];
    const fits = (texts.find((one) => one.dataset.rung === rung) ?? texts[0])?.querySelector("blockquote");
    if (fits) entry.append(fits.cloneNode(true));
    return entry;
  };

  const shown = (outcome) => {
    const row = byId(`row-${outcome.rule}`);
    const name = text(`#verdict-${CSS.escape(outcome.verdict)}`);
    const link = made("a", text("h4", row).split(":")[0]);
    link.href = `#${row.id}`;
    const head = made("h3", `${words["find.settled"]}: ${name}`);
    const line = made("p", "", "line");
    line.append(...copied(row.querySelector(".headline")));
    const where = made("p");
    where.append(link);
    const reasons = [...row.querySelectorAll(".reasons li")].map(copied);
    const remarks = (kind) => outcome.remarks.filter((id) => byId(`remark-${id}`).dataset.kind === kind)
      .map((id) => said(`remark-${id}`));
    const parts = [
      head, line, where,
      ...list(words["label.why"], [...reasons, ...remarks("reason")]),
      ...list(words["label.mind"], [...remarks("caution"), ...outcome.gates.map((id) => said(`gate-${id}`))], "caution"),
      ...list(words["label.sends"], [...outcome.mails.map((id) => wording(id, "")),
        outcome.note && wording(outcome.note, outcome.rung)]),
      ...list(words["label.reminders"], outcome.remind.map((id) => said(`reminder-${id}`))),
    ];
    const talk = row.querySelector("details");
    if (talk) {
      const copy = talk.cloneNode(true);
      copy.open = false;
      parts.push(copy);
    }
    return { name, parts };
  };

  const place = (where, asked) => {
    for (const field of [...where.children]) if (!asked.some((fact) => boxes.get(fact) === field)) field.remove();
    asked.forEach((fact, number) => {
      const field = box(fact);
      if (where.children[number] !== field) where.insertBefore(field, where.children[number] ?? null);
    });
  };

  const update = () => {
    const { asked, number } = walk();
    const left = [...below(number)].map((one) => outcomes[one]);
    const names = [...new Set(left.map((one) => text(`#verdict-${CSS.escape(one.verdict)}`)))];
    const rows = new Set(left.map((one) => one.rule));
    // Once the verdict is certain it stands before what may still be chosen, where the last choice was made.
    const further = rows.size > 1 ? [] : asked.filter((fact) => !chosen.has(fact));
    const focused = document.activeElement;
    place(byId("asked"), asked.filter((fact) => !further.includes(fact)));
    place(byId("further"), further);
    focused?.focus({ preventScroll: true });
    const result = byId("result");
    if (rows.size > 1) {
      result.replaceChildren(...(chosen.size ? list(`${words["find.possible"]}: ${names.length}`, names) : []));
      byId("verdict").textContent = "";
      return;
    }
    const { name, parts } = shown(usual(number));
    const refine = left.length > 1 ? [made("p", words["find.refine"], "aside")] : [];
    result.replaceChildren(...parts, ...refine);
    byId("verdict").textContent = `${words["find.settled"]}: ${name}`;
  };

  byId("anew").addEventListener("click", () => {
    chosen.clear();
    for (const field of boxes.values()) for (const input of field.querySelectorAll("input")) input.checked = false;
    update();
    byId("asked").querySelector("input")?.focus();
  });
  update();
})();

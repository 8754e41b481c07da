// The search: all words of the query stand in a part of a page. Parts with the words in their heading come first. The index, search.js, is a script: a page of file:// may not read other files.
'use strict';
const top_ = document.currentScript.dataset.top, field = document.getElementById('search'), found = document.getElementById('found'), main = document.querySelector('main');
const menu = document.getElementById('menu');
let siteIndex = null, wanted = false;

const clean = text => text.replace(/[&<>"]/g, c => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'}[c]));

function marked(text, words) {
  const pattern = new RegExp(words.map(w => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi');
  let out = '', end = 0;
  for (const m of text.matchAll(pattern)) {
    out += clean(text.slice(end, m.index)) + '<mark>' + clean(m[0]) + '</mark>';
    end = m.index + m[0].length;
  }
  return out + clean(text.slice(end));
}

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(w => w);
  found.hidden = !words.length;
  main.hidden = !found.hidden;
  if (!words.length || !siteIndex) return;
  menu.checked = false;
  const hits = [];
  for (const [page, title, parts] of siteIndex)
    for (const [anchor, heading, text] of parts) {
      const head = (title + ' ' + heading).toLowerCase(), low = text.toLowerCase();
      if (!words.every(w => head.includes(w) || low.includes(w))) continue;
      const score = words.filter(w => heading.toLowerCase().includes(w)).length * 4 + words.filter(w => title.toLowerCase().includes(w)).length * 2 + (page.startsWith('man/') ? 0 : 1);
      hits.push({score, page, title, anchor, heading, text, at: Math.max(0, low.indexOf(words.find(w => low.includes(w)) ?? '') - 70)});
    }
  hits.sort((a, b) => b.score - a.score);
  found.innerHTML = `<p>${hits.length} ${hits.length === 1 ? 'place' : 'places'}${hits.length > 60 ? ', the first 60' : ''}</p>` + hits.slice(0, 60).map(h =>
    `<a href="${top_}${h.page}${h.anchor ? '#' + h.anchor : ''}">${marked(h.heading === h.title ? h.title : h.title + ': ' + h.heading, words)}</a>` +
    `<p>${h.at ? '... ' : ''}${marked(h.text.slice(h.at, h.at + 220), words)}</p>`).join('');
  scrollTo(0, 0);
}

function load() {
  if (wanted) return;
  wanted = true;
  const script = document.createElement('script');
  script.src = top_ + 'search.js';
  script.onload = search;
  document.head.append(script);
}

field.addEventListener('focus', load);
field.addEventListener('input', () => { load(); search(); });
found.addEventListener('click', e => { // a place of this page: the page again
  if (e.target.closest('a')) { field.value = ''; search(); }
});
document.addEventListener('keydown', e => {
  if (e.key === '/' && document.activeElement !== field) { e.preventDefault(); field.focus(); }
  if (e.key === 'Escape') { field.value = ''; search(); }
});
document.querySelector('nav').addEventListener('click', e => { if (e.target.closest('a')) menu.checked = false; });
document.querySelector('nav [aria-current]')?.scrollIntoView({block: 'nearest'});

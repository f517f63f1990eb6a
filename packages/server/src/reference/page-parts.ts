/** The looks of the page: the fonts and the light of the reader's system, and nothing that moves. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c1917;--soft:#6b645c;--line:#e4dfd8;--paper:#fdfcfa;--panel:#f5f2ed;--link:#9a4a12;--get:#1d6b4a;--post:#9a4a12;--put:#6d4fa0;--patch:#6d4fa0;--delete:#b02a2a}
@media(prefers-color-scheme:dark){:root{--ink:#ece7e1;--soft:#a29a90;--line:#37322d;--paper:#171513;--panel:#211e1b;--link:#eda36a;--get:#6fc7a0;--post:#eda36a;--put:#b79ce8;--patch:#b79ce8;--delete:#f08a8a}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;display:grid;grid-template-columns:20rem minmax(0,1fr);font:15px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
code,pre,.call summary code,nav li{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.87em}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.25rem 1rem 2rem;border-right:1px solid var(--line);background:var(--panel)}
.name{margin:0 0 .9rem;font-weight:650;font-size:1.1rem;letter-spacing:-.01em}
.name span{font-weight:400;color:var(--soft);font-size:.85rem}
input{width:100%;padding:.45rem .6rem;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:6px}
input:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.chapter{margin:1.2rem 0 .3rem;font-size:.78rem;font-weight:650;letter-spacing:.04em;text-transform:uppercase;color:var(--soft)}
nav ul{list-style:none;margin:0;padding:0}
nav li a{display:flex;gap:.5rem;padding:.12rem .2rem;color:inherit;border-radius:4px}
nav li a:hover{background:var(--line);text-decoration:none}
nav li span{overflow-wrap:break-word;min-width:0}
b.get,b.post,b.put,b.patch,b.delete{flex:none;display:inline-block;min-width:3.7em;font:650 .78em/1.9 ui-monospace,SFMono-Regular,Menlo,monospace}
b.get{color:var(--get)}b.post{color:var(--post)}b.put{color:var(--put)}b.patch{color:var(--patch)}b.delete{color:var(--delete)}
var{font-style:normal;color:var(--soft)}
main{max-width:60rem;padding:2rem clamp(1rem,4vw,3.5rem) 6rem}
h1{margin:0 0 .6rem;font-size:1.7rem;letter-spacing:-.02em}
h2{margin:2.6rem 0 .8rem;font-size:1.2rem;letter-spacing:-.01em}
h3{margin:1.1rem 0 .35rem;font-size:.78rem;letter-spacing:.04em;text-transform:uppercase;color:var(--soft)}
h3 span{text-transform:none;letter-spacing:0;font-weight:400}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;padding:0 1rem;background:var(--paper)}
details[open]{padding-bottom:1rem}
summary{cursor:pointer;margin:0 -1rem;padding:.55rem 1rem;border-radius:8px;list-style-position:inside;overflow-wrap:anywhere}
summary:hover{background:var(--panel)}
.call summary{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:baseline;list-style:none}
.call summary::-webkit-details-marker{display:none}
.call summary span{color:var(--soft);margin-left:auto}
.sdk{margin:.5rem 0;color:var(--soft)}
pre{margin:0;padding:.8rem 1rem;overflow:auto;background:var(--panel);border-radius:6px;line-height:1.5}
pre i{color:var(--soft);font-style:normal}
table{border-collapse:collapse;width:100%}
td{padding:.3rem .8rem .3rem 0;border-top:1px solid var(--line);vertical-align:top}
td:nth-child(-n+2){white-space:nowrap;width:1%}
.error{margin:.15rem 0}
.error b{color:var(--delete);font-weight:600;margin-right:.5rem}
[hidden]{display:none!important}
@media(max-width:52rem){body{display:block}nav{position:static;height:auto;max-height:45vh;border-right:0;border-bottom:1px solid var(--line)}.call summary span{margin-left:0;flex-basis:100%}}
@media print{nav{display:none}body{display:block}}
`

/** Filters the calls by the words that are typed, and opens what an address names. Without it the page is complete. */
export const FILTER = `
const filter = document.getElementById("filter")
const calls = [...document.querySelectorAll(".call")]
const links = new Map([...document.querySelectorAll("nav li")].map((item) => [item.firstChild.hash.slice(1), item]))
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\\s+/).filter(Boolean)
  let shown = 0
  for (const call of calls) {
    const text = call.querySelector("summary").textContent.toLowerCase() + call.querySelector(".sdk").textContent.toLowerCase()
    const fits = words.every((word) => text.includes(word))
    call.hidden = links.get(call.id).hidden = !fits
    if (fits) shown++
  }
  for (const group of document.querySelectorAll(".group, .calls"))
    group.hidden = !group.querySelector("li:not([hidden]), .call:not([hidden])")
  document.getElementById("none").hidden = shown > 0
})
const open = () => {
  const named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (named && named.tagName === "DETAILS") { named.open = true; named.scrollIntoView() }
}
addEventListener("hashchange", open)
open()
`

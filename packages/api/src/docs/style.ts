// The look of the pages: one column on a phone, the routes beside it on a desk, light or dark as the reader's system is.

export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --soft: #f5f6f8; --text: #1c2024; --faint: #5b6470; --line: #d9dde3;
  --link: #0b57b7; --get: #0a6b3d; --post: #8a4b00; --bad: #a3261c }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --soft: #1e2329; --text: #e4e8ec; --faint: #a2acb8;
  --line: #363d46; --link: #7fb4ff; --get: #6fd3a0; --post: #f0b35e; --bad: #ff9a8f } }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
a { color: var(--link) }
a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.skip { position: absolute; left: -100vw }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--back); z-index: 1 }
nav { padding: 1rem 1.25rem; background: var(--soft); border-bottom: 1px solid var(--line) }
nav ul { margin: .25rem 0 1rem; padding: 0; list-style: none; font-size: .875rem }
nav li { padding: .15rem 0 }
nav a { display: block; text-decoration: none; overflow-wrap: anywhere; line-height: 1.35 }
nav a:hover { text-decoration: underline }
nav p { margin: 0; font-weight: 600 }
summary { cursor: pointer; font-weight: 600 }
main { max-width: 62rem; padding: 1rem 1.25rem 4rem; min-width: 0 }
h1 { margin: .5rem 0; font-size: 1.9rem; line-height: 1.2 }
h1 small { font-size: 1rem; font-weight: 400; color: var(--faint) }
h2 { margin: 3rem 0 1rem; padding-bottom: .3rem; border-bottom: 2px solid var(--line); font-size: 1.5rem }
h3 { margin: 2.25rem 0 .25rem; font-size: 1.0625rem; overflow-wrap: anywhere }
h3 a { color: inherit; text-decoration: none }
h3 a:hover { text-decoration: underline }
h4 { margin: 1.25rem 0 .25rem; font-size: .9375rem }
article > p { margin: .25rem 0 .5rem }
.method { display: inline-block; min-width: 3.4em; margin-right: .5em; font: 700 .8rem/1.4 ui-monospace, monospace }
.get { color: var(--get) } .post { color: var(--post) }
code, pre { font: .875em/1.5 ui-monospace, monospace }
code { overflow-wrap: anywhere }
pre { margin: .5rem 0; padding: .6rem .8rem; overflow-x: auto; background: var(--soft); border: 1px solid var(--line); border-radius: 6px }
.wide { overflow-x: auto }
.wide + .wide { margin-top: 1rem }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: 400 }
thead th { color: var(--faint) }
tbody th { min-width: 8.5rem }
td { min-width: 7rem }
td table { margin-top: .5rem }
small { color: var(--faint) }
.refused { color: var(--bad) }
@media (min-width: 62rem) {
  body { display: grid; grid-template-columns: 21rem minmax(0, 1fr) }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; border-bottom: 0; border-right: 1px solid var(--line) }
  nav summary { display: none }
  main { padding: 1.5rem 2.5rem 6rem }
}
@media (max-width: 40rem) {
  tbody th, td { min-width: 4rem }
  td small { overflow-wrap: anywhere }
}
@media print { nav, .skip { display: none } body { display: block } }
`

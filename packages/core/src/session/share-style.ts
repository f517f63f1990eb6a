/** How a shared page looks. Its hash is in the page's policy: it is one text, without anything of the conversation. */
export const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 50rem; margin: 0 auto; padding: 1rem; }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .5rem 0; }
h1 { font-size: 1.4rem; } h2 { font-size: .8rem; opacity: .6; margin: .25rem 0; }
.text, pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.user .text { font-weight: 600; }
pre { font: .8rem/1.4 ui-monospace, monospace; max-height: 30rem; overflow: auto; }
summary { cursor: pointer; overflow-wrap: anywhere; }
img { max-width: 100%; } .note { opacity: .7; } .error { color: #c33; }
`

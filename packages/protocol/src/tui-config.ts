import { z } from "zod"
import { inline, type Infer } from "./schema.ts"

/** How a key is bound: `"ctrl+a,<leader>b"`, a list, a description of one, or nothing. */
const KeyBinding = inline(() => {
  const key = z.looseObject({
    key: z.string(),
    event: z.enum(["press", "release"]).optional(),
    preventDefault: z.boolean().optional(),
    fallthrough: z.boolean().optional(),
  })
  const one = z.union([z.string(), key])
  return z.union([z.literal(false), one, z.array(one)])
})

const size = () => z.union([z.number().int().positive(), z.literal("auto")])
const sound = () => z.string().optional()

const Attention = inline(() =>
  z.object({
    enabled: z.boolean().optional(),
    notifications: z.boolean().optional(),
    sound: z.boolean().optional(),
    volume: z.number().min(0).max(1).optional(),
    sound_pack: z.string().optional(),
    sounds: z
      .object({
        default: sound(),
        question: sound(),
        permission: sound(),
        error: sound(),
        done: sound(),
        subagent_done: sound(),
      })
      .optional(),
  }),
)

/** What a user may write in `tui.json`, member by member. */
export const tuiConfigMembers = {
  $schema: () => z.string().optional(),
  theme: () => z.string().optional(),
  keybinds: () => z.record(z.string(), KeyBinding()).optional(),
  leader_timeout: () => z.number().int().positive().optional(),
  scroll_speed: () => z.number().min(0.001).optional(),
  scroll_acceleration: () => z.object({ enabled: z.boolean().optional() }).optional(),
  diff_style: () => z.enum(["auto", "stacked"]).optional(),
  mouse: () => z.boolean().optional(),
  cursor: () =>
    z
      .object({
        style: z.enum(["block", "underline", "line", "default"]).optional(),
        blinking: z.boolean().optional(),
      })
      .optional(),
  linux_clipboard_selection: () => z.enum(["clipboard", "primary", "both"]).optional(),
  attention: () => Attention().optional(),
  prompt: () => z.object({ max_height: size().optional(), max_width: size().optional() }).optional(),
  plugin: () => z.array(z.union([z.string(), z.tuple([z.string(), z.record(z.string(), z.unknown())])])).optional(),
}

type Members = typeof tuiConfigMembers

/** The settings of the screen. */
export const TuiConfig = inline(() =>
  z.object(
    Object.fromEntries(Object.entries(tuiConfigMembers).map(([key, member]) => [key, member()])) as {
      [Key in keyof Members]: ReturnType<Members[Key]>
    },
  ),
)
export type TuiConfig = Infer<typeof TuiConfig>

/** What each does; see `config-about.ts`. */
export const ABOUT_TUI: Readonly<Record<string, string>> = {
  $schema: "Where editors find the description of this file; it is never fetched.",
  theme: "Name of the theme.",
  keybinds: "Keys by what they do.",
  "keybinds.*": "Keys with commas between them, a list, or none or false for no key.",
  "keybinds.*.key": "The key.",
  "keybinds.*.event": "Whether pressing or releasing it counts.",
  "keybinds.*.preventDefault": "Whether the key does nothing else.",
  "keybinds.*.fallthrough": "Whether others hear of the key too.",
  "keybinds.*.*": "A key, or an object that says more.",
  "keybinds.*.*.key": "The key.",
  "keybinds.*.*.event": "Whether pressing or releasing it counts.",
  "keybinds.*.*.preventDefault": "Whether the key does nothing else.",
  "keybinds.*.*.fallthrough": "Whether others hear of the key too.",
  leader_timeout: "Milliseconds to wait for the key after the leader (default 2000).",
  scroll_speed: "Lines that one step of the wheel scrolls (default 3).",
  scroll_acceleration: "Whether quick scrolling goes further.",
  "scroll_acceleration.enabled": "Whether it does.",
  diff_style: "Whether changes stand side by side where there is room (auto), or below each other (stacked).",
  mouse: "Whether the mouse is used (default true).",
  cursor: "How the cursor looks.",
  "cursor.style": "Its form.",
  "cursor.blinking": "Whether it blinks.",
  linux_clipboard_selection: "Which of the two clipboards of Linux is used.",
  attention: "How you are told that something waits for you.",
  "attention.enabled": "Whether you are (default false).",
  "attention.notifications": "By a notification of the desktop.",
  "attention.sound": "By a sound.",
  "attention.volume": "How loud, from 0 to 1 (default 0.4).",
  "attention.sound_pack": "Name of a set of sounds.",
  "attention.sounds": "Files of sounds, by what happened.",
  "attention.sounds.default": "Anything else.",
  "attention.sounds.question": "A question.",
  "attention.sounds.permission": "Something needs your permission.",
  "attention.sounds.error": "Something failed.",
  "attention.sounds.done": "A turn ended.",
  "attention.sounds.subagent_done": "A subagent ended.",
  prompt: "The field that you write in.",
  "prompt.max_height": "Lines it grows to.",
  "prompt.max_width": "Columns it grows to.",
  plugin: "Plugins of the screen.",
  "plugin.*": "A plugin, or a list of it and its options.",
}

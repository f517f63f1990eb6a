import { describe, expect, test } from "vitest"
import { findFolders } from "../../src/config/folders.ts"
import { loadTui } from "../../src/config/tui.ts"
import { join } from "node:path"
import { place, type Place } from "./place.ts"

const load = (at: Place, options: { env?: Record<string, string>; trusted?: boolean } = {}) =>
  loadTui({
    env: options.env ?? {},
    folders: findFolders({ env: {}, home: join(at.root, "home") }),
    worktree: join(at.root, "project"),
    directory: join(at.root, "project/sub"),
    trusted: options.trusted,
  })

describe("settings of the screen", () => {
  /** Lowest first: each wins over those before it. */
  const order = [
    "home/.config/opencode/opencode.json",
    "home/.config/opencode/tui.json",
    "home/.config/opencode/tui.jsonc",
    "home/.opencode/tui.json",
    "named.json",
    "project/opencode.json",
    "project/tui.json",
    "project/sub/tui.json",
    "project/.opencode/tui.json",
    "project/sub/.opencode/tui.jsonc",
  ]
  test("every file is read, and each wins over those before it", async () => {
    await using at = await place()
    const env: Record<string, string> = {}
    for (const [index, file] of order.entries()) {
      await at.write({ [file]: { theme: file, keybinds: { [`k${index}`]: "a" } } })
      if (file === "named.json") env.OPENCODE_TUI_CONFIG = join(at.root, file)
      const { config, issues } = await load(at, { env })
      expect(config.theme).toBe(file)
      expect(Object.keys(config.keybinds ?? {})).toHaveLength(index + 1)
      expect(issues).toEqual([])
    }
  })

  test("everything that it may hold is taken as it is", async () => {
    const written = {
      theme: "nord",
      keybinds: {
        leader: "ctrl+x",
        app_exit: false,
        undo: [{ key: "ctrl+z", event: "press" }, "ctrl+-"],
        none: "none",
      },
      leader_timeout: 1000,
      scroll_speed: 0.5,
      scroll_acceleration: { enabled: true },
      diff_style: "stacked",
      mouse: false,
      cursor: { style: "line", blinking: false },
      linux_clipboard_selection: "both",
      attention: { enabled: true, sound: false, volume: 0.2, sounds: { done: "~/ding.wav" } },
      prompt: { max_height: 10, max_width: "auto" },
      plugin: ["a", ["b", { c: 1 }]],
    }
    await using at = await place({ "home/.config/opencode/tui.json": written })
    expect(await load(at)).toEqual({ config: written, issues: [] })
  })

  test("the older place below `tui` is understood in both files, with its line", async () => {
    await using at = await place({
      "home/.config/opencode/opencode.json":
        '{\n  "tui": {\n    "scroll_speed": "fast",\n    "diff_style": "stacked"\n  }\n}',
      "project/tui.json": { tui: { mouse: false } },
    })
    const { config, issues } = await load(at)
    expect(config).toEqual({ diff_style: "stacked", mouse: false })
    expect(issues).toMatchObject([{ path: ["scroll_speed"], line: 3 }])
  })

  test("what is wrong is reported with its place, and the rest counts", async () => {
    await using at = await place({
      "home/.config/opencode/tui.json": '{\n  "theme": 3,\n  "scroll_speed": 0,\n  "mous": true,\n  "mouse": true\n}',
      "project/tui.json": "{",
    })
    const { config, issues } = await load(at)
    expect(config).toEqual({ mouse: true })
    expect(issues.map(({ kind, line }) => [kind, line])).toEqual([
      ["wrong_type", 2],
      ["wrong_type", 3],
      ["unknown_key", 4],
      ["syntax", 1],
    ])
  })

  test("a project runs and opens nothing by it until it is trusted", async () => {
    const project = {
      theme: "nord",
      plugin: ["./evil.ts"],
      attention: { sounds: { done: "/dev/x" } },
      keybinds: { a: "{env:SECRET}" },
    }
    await using at = await place({ "project/tui.json": project })
    const { config, issues } = await load(at, { env: { SECRET: "s" } })
    expect(config).toEqual({ theme: "nord", attention: {}, keybinds: {} })
    expect(issues.map(({ kind }) => kind)).toEqual(["held_back", "held_back", "held_back"])
    expect((await load(at, { trusted: true, env: { SECRET: "s" } })).config).toMatchObject({
      plugin: ["./evil.ts"],
      keybinds: { a: "s" },
    })
  })

  test("the project's can be left out, and a file that was named has to be there", async () => {
    await using at = await place({ "project/tui.json": { theme: "nord" } })
    const { config, issues } = await load(at, {
      env: { OPENCODE_DISABLE_PROJECT_CONFIG: "1", OPENCODE_TUI_CONFIG: "/nowhere" },
    })
    expect(config).toEqual({})
    expect(issues).toMatchObject([{ kind: "unreadable", file: "/nowhere" }])
  })
})

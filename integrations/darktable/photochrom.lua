--[[Colours black-and-white photos with Photochrom and imports the results.

Adds the target "coloured with Photochrom" to darktable's export module. The selected images are
exported in the format chosen there (JPEG, TIFF or PNG), the command `photochrom colorize` colours
them, and each result lies beside its original as NAME.color.EXT, imported and in its group.

Lies in darktable's folder lua, as lua/photochrom.lua; luarc has the line: require "photochrom"
Needs the command `photochrom` on Linux or macOS; written for Lua API 7.0.0, darktable 3.6.
]]

local dt = require "darktable"

local NAME = "photochrom"
local PREFERENCE = "command"

dt.preferences.register(
  NAME, PREFERENCE, "string", "Photochrom: command",
  "the command photochrom, with its folder where that is not on the PATH", NAME
)

local vividness = dt.new_widget("slider") {
  label = "vividness",
  tooltip = "0 is faithful and muted, 1 vivid",
  soft_min = 0, soft_max = 1, hard_min = 0, hard_max = 1, step = 0.05, digits = 2, value = 0.5,
}

-- A word of a shell's command, whatever characters it has.
local function quoted(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function is_there(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function read(path)
  local file = io.open(path, "r")
  if not file then return "" end
  local text = file:read("a")
  file:close()
  return text
end

-- Where the result of an image goes: a name beside the original that no file has.
local function target_of(image, exported)
  local stem = image.path .. "/" .. image.filename:gsub("%.[^.]*$", "") .. ".color"
  local ending = exported:match("%.[^./]*$") or ""
  local target, number = stem .. ending, 1
  while is_there(target) do
    number = number + 1
    target = stem .. "-" .. number .. ending
  end
  return target
end

-- The first line that says what failed; warnings come before it.
local function fault_of(said, code)
  for line in said:gmatch("[^\n]+") do
    if not line:find("^photochrom: warning: ") then return line end
  end
  return "ended with code " .. tostring(code)
end

-- Colours one file; returns nil, or the line that says why not.
local function colorize(source, target)
  local command = dt.preferences.read(NAME, PREFERENCE, "string")
  if command == "" then command = NAME end
  local said = os.tmpname()
  -- with a dot whatever the language of the session writes in numbers
  local dial = string.format("%.2f", vividness.value):gsub(",", ".")
  local done, _, code = os.execute(table.concat({
    quoted(command), "colorize", "--vividness", dial, "-o", quoted(target), "--", quoted(source),
    ">/dev/null", "2>" .. quoted(said),
  }, " "))
  local text = read(said)
  os.remove(said)
  if done then return nil end
  if code == 126 or code == 127 then
    return command .. ": no such command; set its path in the preferences, Lua options"
  end
  return fault_of(text, code)
end

local function show_progress(_, _, _, _, number, total)
  dt.print(string.format("Photochrom: exporting %d of %d", number, total))
end

local function colorize_all(_, exported)
  local images = {}
  for image in pairs(exported) do images[#images + 1] = image end
  table.sort(images, function(a, b) return exported[a] < exported[b] end)
  local failed, fault = 0, nil
  for number, image in ipairs(images) do
    dt.print(string.format("Photochrom: colouring %d of %d", number, #images))
    local target = target_of(image, exported[image])
    local line = colorize(exported[image], target)
    os.remove(exported[image])
    if line then
      failed, fault = failed + 1, fault or (image.filename .. ": " .. line)
      dt.print_error(image.filename .. ": " .. line)
    else
      dt.database.import(target):group_with(image.group_leader)
    end
  end
  if failed > 0 then
    dt.print(string.format("Photochrom: %d of %d failed; %s", failed, #images, fault))
  else
    dt.print(string.format("Photochrom: %d coloured", #images))
  end
end

-- The command reads these of what darktable exports.
local function is_supported(_, format)
  local ending = format.extension:lower()
  return ending == "jpg" or ending == "tif" or ending == "png"
end

if dt.configuration.running_os == "windows" then
  dt.print_error("Photochrom: this script runs on Linux and macOS; on Windows use the command")
else
  dt.register_storage(
    NAME, "coloured with Photochrom", show_progress, colorize_all, is_supported, nil, vividness
  )
end

return {
  metadata = {
    name = "Photochrom",
    purpose = "colours black-and-white photos and imports the results",
    author = "The Photochrom authors",
  },
  destroy = function() dt.destroy_storage(NAME) end,
}

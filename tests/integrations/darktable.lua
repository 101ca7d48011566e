--[[As much of darktable's Lua API as a storage needs, and an export.

lua5.4 darktable.lua SCRIPT OS COMMAND VIVIDNESS [ORIGINAL EXPORTED]... prints what the script
prints and does, a line each.
]]

local script, os_name, command, vividness = arg[1], arg[2], arg[3], tonumber(arg[4])
local storage

local function say(kind)
  return function(text) print(kind .. "\t" .. text) end
end

package.preload["darktable"] = function()
  return {
    print = say("print"),
    print_error = say("error"),
    configuration = { running_os = os_name },
    preferences = {
      register = function(script_name, name, kind, label, tooltip, default)
        assert(kind == "string" and label and tooltip and default == "photochrom")
        say("preference")(script_name .. "/" .. name)
      end,
      read = function() return command end,
    },
    new_widget = function(kind)
      assert(kind == "slider")
      return function(fields)
        assert(fields.value == 0.5)
        fields.value = vividness
        return fields
      end
    end,
    register_storage = function(name, label, store, finalize, supported, initialize, widget)
      assert(name == "photochrom" and label and widget.label == "vividness" and not initialize)
      storage = { store = store, finalize = finalize, supported = supported }
    end,
    destroy_storage = say("destroyed"),
    database = {
      import = function(path)
        say("imported")(path)
        return { group_with = function(_, leader) say("group")(leader) end }
      end,
    },
  }
end

local data = dofile(script)
if storage then
  local formats = {}
  for _, ending in ipairs({ "jpg", "tif", "png", "exr", "pfm" }) do
    if storage.supported(nil, { extension = ending }) then formats[#formats + 1] = ending end
  end
  say("supported")(table.concat(formats, " "))
  local exported, total = {}, (#arg - 4) // 2
  for at = 5, #arg, 2 do
    local folder, name = arg[at]:match("^(.*)/([^/]*)$")
    local image = { path = folder, filename = name, group_leader = "leader of " .. name }
    storage.store(nil, image, nil, arg[at + 1], (at - 3) / 2, total + 0.0, true, {})
    exported[image] = arg[at + 1]
  end
  storage.finalize(nil, exported, {})
end
data.destroy()

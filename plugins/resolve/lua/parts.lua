-- Loads the parts of the script that lie beside one another: `dofile(folder .. "/parts.lua")(folder)("host")`.
return function(folder)
  local loaded = {}
  local function part(name)
    if loaded[name] == nil then
      loaded[name] = assert(loadfile(folder .. "/" .. name .. ".lua"))(part, folder)
    end
    return loaded[name]
  end
  return part
end

-- The frames of docs/protocol.md for Wireshark and tshark (tested with 4.0): on TCP port 26746, and in captures of a serial line (DLT_USER0).
-- It needs no key and opens no seal: it shows what anybody at the line can see.
--
--     tshark -X lua_script:ansim.lua -r capture.pcap -Y ansim
--
-- A frame is COBS(payload || CRC-16) || 0x00. tests/host_tools/capture/test_wireshark.py holds that this file and the firmware mean the same.

local PORT = 26746
local VERSION = 1
local FRAME_MAX = 256 -- bytes on the line, without the delimiter
local ALIAS_END = 5
local NONCE_BYTES = 8
local ANSWER = 128 -- on a bus: what a cabinet adds to its address
local TAG_BYTES = 16

-- The kinds, as in firmware/locker/wire/frame.py. The low three bits of DATA and FIRST are the length of the sequence number, 1 to 5.
local HELLO = 0
local DATA = 1
local WELCOME = 6
local REFUSAL = 7
local FIRST = 9
local NAMES = { [HELLO] = "HELLO", [DATA] = "DATA", [WELCOME] = "WELCOME", [REFUSAL] = "REFUSAL", [FIRST] = "FIRST" }
local SENDERS = { [HELLO] = "board", [WELCOME] = "host", [REFUSAL] = "host", [FIRST] = "board" }

local ansim = Proto("ansim", "Ansim parcel lockers")
ansim.prefs.bus = Pref.bool("Bus", false, "Several cabinets share the line: an address stands ahead of each payload")
local fields = ansim.fields
fields.length = ProtoField.uint16("ansim.length", "Bytes on the line", base.DEC, nil, nil, "Delimiter included")
fields.address = ProtoField.uint8("ansim.address", "Address", base.DEC, nil, 0x7F, "Of a cabinet on a bus")
fields.version = ProtoField.uint8("ansim.version", "Version", base.DEC)
fields.kind = ProtoField.uint8("ansim.kind", "Kind", base.HEX, NAMES, nil, "DATA and FIRST without the length of their sequence number")
fields.sender = ProtoField.string("ansim.sender", "From")
fields.alias = ProtoField.bytes("ansim.alias", "Alias", base.NONE, "Random bytes that stand for a board")
fields.nonce = ProtoField.bytes("ansim.nonce", "Nonce")
fields.number = ProtoField.uint64("ansim.number", "Sequence number", base.DEC)
fields.sealed = ProtoField.bytes("ansim.sealed", "Sealed")
fields.sealed_length = ProtoField.uint16("ansim.sealed_length", "Sealed bytes", base.DEC, nil, nil, "The tag of 16 bytes included")
fields.crc = ProtoField.uint16("ansim.crc", "CRC-16", base.HEX)
fields.garbage = ProtoField.bytes("ansim.garbage", "Garbage")

local experts = {
  crc = ProtoExpert.new("ansim.crc.bad", "The CRC is wrong", expert.group.CHECKSUM, expert.severity.ERROR),
  cobs = ProtoExpert.new("ansim.cobs.bad", "No frame: the bytes are not COBS", expert.group.MALFORMED, expert.severity.ERROR),
  long = ProtoExpert.new("ansim.long", "No frame: too long", expert.group.MALFORMED, expert.severity.ERROR),
  short = ProtoExpert.new("ansim.short", "The payload is too short", expert.group.MALFORMED, expert.severity.ERROR),
  version = ProtoExpert.new("ansim.version.other", "Another version of the protocol", expert.group.PROTOCOL, expert.severity.WARN),
  kind = ProtoExpert.new("ansim.kind.unknown", "A kind that is not known", expert.group.PROTOCOL, expert.severity.WARN),
}
ansim.experts = { experts.crc, experts.cobs, experts.long, experts.short, experts.version, experts.kind }

-- Lua 5.1 and 5.2 have a library for it, 5.3 and later an operator that the others cannot read.
local xor = bit and bit.bxor or bit32 and bit32.bxor or load("return function(a, b) return a ~ b end")()

-- CRC-16/IBM-3740 of an array of bytes; 0 when the last two are the CRC of those before.
local function crc16(bytes)
  local crc = 0xFFFF
  for _, byte in ipairs(bytes) do
    crc = xor(crc, byte * 256)
    for _ = 1, 8 do
      crc = crc * 2
      if crc >= 0x10000 then
        crc = xor(crc - 0x10000, 0x1021)
      end
    end
  end
  return crc
end

-- What COBS has stuffed, as an array of bytes; nil when it is cut short.
local function unstuffed(tvb)
  local out, at, length = {}, 0, tvb:len()
  while at < length do
    local size = tvb(at, 1):uint()
    if at + size > length then
      return nil
    end
    for place = at + 1, at + size - 1 do
      out[#out + 1] = tvb(place, 1):uint()
    end
    at = at + size
    if size < 255 and at < length then
      out[#out + 1] = 0
    end
  end
  return out
end

-- The most bytes of a frame on the line, without the delimiter.
local function longest()
  return ansim.prefs.bus and FRAME_MAX + 2 or FRAME_MAX
end

local function as_tvb(bytes)
  local text = {}
  for place, byte in ipairs(bytes) do
    text[place] = string.format("%02x", byte)
  end
  return ByteArray.new(table.concat(text)):tvb("Ansim payload")
end

-- Fills the tree with a payload's header; returns what the summary says of it.
local function show_payload(payload, tree, from_host)
  local count = payload:len() - 2 -- the CRC stands behind it
  if count < ALIAS_END then
    tree:add_proto_expert_info(experts.short)
    return "too short"
  end
  local first = payload(0, 1)
  local version, low = math.floor(first:uint() / 16), first:uint() % 16
  tree:add(fields.version, first, version)
  local alias = payload(1, ALIAS_END - 1)
  if version ~= VERSION then
    tree:add(fields.alias, alias)
    tree:add_proto_expert_info(experts.version, string.format("Version %d; this dissector reads %d", version, VERSION))
    return string.format("version %d", version)
  end
  local digits = low % 8 >= 1 and low % 8 <= 5 and low % 8 or 0
  local kind = digits > 0 and (low >= 8 and FIRST or DATA) or low
  tree:add(fields.kind, first, kind)
  tree:add(fields.alias, alias)
  if not NAMES[kind] then
    tree:add_proto_expert_info(experts.kind)
    return string.format("kind 0x%02x", low)
  end
  local sender = SENDERS[kind]
  if not sender and from_host ~= nil then
    sender = from_host and "host" or "board"
  end
  if sender then
    tree:add(fields.sender, sender):set_generated()
  end
  local nonce_end = ALIAS_END + ((kind == HELLO or kind == WELCOME or kind == FIRST) and NONCE_BYTES or 0)
  local header_end = nonce_end + digits
  if count < header_end + (kind == REFUSAL and 0 or TAG_BYTES) then
    tree:add_proto_expert_info(experts.short)
    return NAMES[kind] .. " cut short"
  end
  local summary = NAMES[kind]
  if nonce_end > ALIAS_END then
    tree:add(fields.nonce, payload(ALIAS_END, NONCE_BYTES))
  end
  if digits > 0 then
    local number = payload(nonce_end, digits)
    tree:add(fields.number, number, number:uint64())
    summary = summary .. " " .. tostring(number:uint64())
  end
  if count > header_end then
    local sealed = payload(header_end, count - header_end)
    tree:add(fields.sealed, sealed)
    tree:add(fields.sealed_length, sealed, sealed:len()):set_generated()
  end
  return summary
end

-- One piece of the line; `frame` is without its delimiter, `whole` with it.
local function show_frame(frame, whole, tree, from_host)
  local branch = tree:add(ansim, whole)
  branch:add(fields.length, whole, whole:len()):set_generated()
  local fault, bytes = nil, nil
  if frame:len() > longest() then
    fault = experts.long
  else
    bytes = unstuffed(frame)
    if not bytes then
      fault = experts.cobs
    elseif #bytes < 2 or crc16(bytes) ~= 0 then
      fault = experts.crc
    end
  end
  local summary
  if fault then
    branch:add(fields.garbage, whole:range(0, frame:len()))
    branch:add_proto_expert_info(fault)
    summary = string.format("garbage (%d B)", whole:len())
  else
    local payload = as_tvb(bytes)
    if ansim.prefs.bus and payload:len() > 2 then
      local address = payload(0, 1)
      branch:add(fields.address, address)
      from_host = address:uint() < ANSWER
      payload = payload(1):tvb()
    end
    if ansim.prefs.bus and payload:len() == 2 then
      summary = from_host and "asked" or "nothing to say"
    else
      summary = show_payload(payload, branch, from_host)
    end
    branch:add(fields.crc, payload(payload:len() - 2, 2)):append_text(" (right)")
  end
  branch:append_text(": " .. summary)
  return summary
end

-- The place of the next delimiter from `at` on; nil when there is none.
local function delimiter(tvb, at)
  for place = at, tvb:len() - 1 do
    if tvb(place, 1):uint() == 0 then
      return place
    end
  end
  return nil
end

-- Shows every piece up to the last delimiter; returns where the rest begins. Idle delimiters are passed over.
local function show_line(tvb, pinfo, tree, from_host, is_last)
  local at, summaries = 0, {}
  while at < tvb:len() do
    local stop = delimiter(tvb, at)
    local rest = tvb:len() - at
    if not stop and not is_last and rest <= longest() then
      break
    end
    local length = stop and stop - at or rest
    if length > 0 then
      local whole = tvb(at, stop and length + 1 or length)
      summaries[#summaries + 1] = show_frame(tvb(at, length):tvb(), whole, tree, from_host)
    end
    at = at + length + (stop and 1 or 0)
  end
  pinfo.cols.protocol = "Ansim"
  if #summaries > 0 then
    pinfo.cols.info = table.concat(summaries, ", ")
  end
  return at
end

function ansim.dissector(tvb, pinfo, tree)
  local from_host = nil
  if pinfo.src_port == PORT then
    from_host = true
  elseif pinfo.dst_port == PORT then
    from_host = false
  end
  local at = show_line(tvb, pinfo, tree, from_host, pinfo.can_desegment == 0)
  if at < tvb:len() then -- the rest of a frame comes with another segment
    pinfo.desegment_offset = at
    pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
  end
  return tvb:len()
end

DissectorTable.get("tcp.port"):add(PORT, ansim)
DissectorTable.get("wtap_encap"):add(wtap.USER0, ansim)

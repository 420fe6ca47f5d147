#include "stress/linearizability/specifications.h"

#include <cstddef>

namespace ashlar::linearizability {
namespace {

std::string Named(const char* name, Value first = kNone, Value second = kNone) {
  std::string text = std::string(name) + "(";
  if (first != kNone) text += std::to_string(first);
  if (second != kNone) text += ", " + std::to_string(second);
  return text + ")";
}

// The answer of a function that puts something in: whether there was room.
bool Fits(const Operation& operation, bool has_room) {
  if (!operation.IsComplete()) return true;
  return has_room ? operation.result == kNone || operation.result == 1 : operation.result == 0;
}

std::string DescribePut(const Operation& operation) {
  if (operation.result == kNone) return "";
  return operation.result == 0 ? "= full" : "= done";
}

}  // namespace

// --- Stack. ---

bool Stack::Apply(const Operation& operation, State* state) const {
  if (operation.call.verb == kPush) {
    const bool has_room = state->size() < capacity_;
    if (has_room) state->push_back(operation.call.first);
    return Fits(operation, has_room);
  }
  if (state->empty()) return Returned(operation, kNone);
  const Value top = state->back();
  state->pop_back();
  return Returned(operation, top);
}

std::string Stack::DescribeCall(const Call& call) const {
  return Named(call.verb == kPush ? "Push" : "Pop", call.first);
}

std::string Stack::DescribeResult(const Operation& operation) const {
  return operation.call.verb == kPush ? DescribePut(operation)
                                      : Specification::DescribeResult(operation);
}

// --- Queue. ---

bool Queue::Apply(const Operation& operation, State* state) const {
  if (operation.call.verb == kPush) {
    const bool has_room = state->size() < capacity_;
    if (has_room) state->push_back(operation.call.first);
    return Fits(operation, has_room);
  }
  if (state->empty()) return Returned(operation, kNone);
  const Value oldest = state->front();
  state->erase(state->begin());
  return Returned(operation, oldest);
}

std::string Queue::DescribeCall(const Call& call) const {
  return Named(call.verb == kPush ? "Push" : "Pop", call.first);
}

std::string Queue::DescribeResult(const Operation& operation) const {
  return operation.call.verb == kPush ? DescribePut(operation)
                                      : Specification::DescribeResult(operation);
}

// --- Map. ---

bool Map::Apply(const Operation& operation, State* state) const {
  // Keys and values in turn.
  const Value key = operation.call.first;
  std::size_t at = 0;
  while (at < state->size() && (*state)[at] < key) at += 2;
  const bool is_there = at < state->size() && (*state)[at] == key;
  const Value before = is_there ? (*state)[at + 1] : kNone;
  const auto place = state->begin() + static_cast<std::ptrdiff_t>(at);
  if (operation.call.verb == kPut && is_there) place[1] = operation.call.second;
  if (operation.call.verb == kPut && !is_there) state->insert(place, {key, operation.call.second});
  if (operation.call.verb == kErase && is_there) state->erase(place, place + 2);
  return Returned(operation, before);
}

std::string Map::DescribeCall(const Call& call) const {
  static constexpr const char* kNames[] = {"Put", "Get", "Erase"};
  return Named(kNames[call.verb], call.first, call.second);
}

// --- Register. ---

bool Register::Apply(const Operation& operation, State* state) const {
  Value& held = state->front();
  switch (operation.call.verb) {
    case kWrite:
      held = operation.call.first;
      return true;
    case kRead:
      return Returned(operation, held);
    default: {
      const bool is_expected = held == operation.call.first;
      if (is_expected) held = operation.call.second;
      return Returned(operation, is_expected ? 1 : 0);
    }
  }
}

std::string Register::DescribeCall(const Call& call) const {
  static constexpr const char* kNames[] = {"Write", "Read", "CompareExchange"};
  return Named(kNames[call.verb], call.first, call.second);
}

std::string Register::DescribeResult(const Operation& operation) const {
  return operation.call.verb == kWrite ? "" : Specification::DescribeResult(operation);
}

}  // namespace ashlar::linearizability

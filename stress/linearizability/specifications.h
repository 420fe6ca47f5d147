// specifications.h - sequential objects to measure concurrent ones by.
//
//   | class    | calls                                                        | state         |
//   |----------|--------------------------------------------------------------|---------------|
//   | Stack    | Push(v)  Pop() = v, or none: empty                           | bottom first  |
//   | Queue    | Push(v)  Pop() = v, or none: empty                           | oldest first  |
//   | Map      | Put(k, v), Get(k), Erase(k) = the value before, or none      | sorted by key |
//   | Register | Write(v)  Read() = v  CompareExchange(v, w) = whether it did | the value     |
//
// Push() returns nothing, or 1; of a Stack or Queue with a capacity 0 if, and only if, it is full.
// Values are any but kNone.
#ifndef ASHLAR_STRESS_LINEARIZABILITY_SPECIFICATIONS_H_
#define ASHLAR_STRESS_LINEARIZABILITY_SPECIFICATIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "stress/linearizability/operation.h"
#include "stress/linearizability/specification.h"

namespace ashlar::linearizability {

inline constexpr std::size_t kUnbounded = SIZE_MAX;

class Stack : public Specification {
 public:
  explicit Stack(std::size_t capacity = kUnbounded) : capacity_(capacity) {}

  static Call Push(Value value) { return {kPush, value}; }
  static Call Pop() { return {kPop}; }

  const char* Name() const override { return "a stack"; }
  bool Apply(const Operation& operation, State* state) const override;
  std::string DescribeCall(const Call& call) const override;
  std::string DescribeResult(const Operation& operation) const override;

 private:
  enum Verb { kPush, kPop };
  std::size_t capacity_;
};

class Queue : public Specification {
 public:
  explicit Queue(std::size_t capacity = kUnbounded) : capacity_(capacity) {}

  static Call Push(Value value) { return {kPush, value}; }
  static Call Pop() { return {kPop}; }

  const char* Name() const override { return "a queue"; }
  bool Apply(const Operation& operation, State* state) const override;
  std::string DescribeCall(const Call& call) const override;
  std::string DescribeResult(const Operation& operation) const override;

 private:
  enum Verb { kPush, kPop };
  std::size_t capacity_;
};

class Map : public Specification {
 public:
  static Call Put(Value key, Value value) { return {kPut, key, value}; }
  static Call Get(Value key) { return {kGet, key}; }
  static Call Erase(Value key) { return {kErase, key}; }

  const char* Name() const override { return "a map"; }
  bool Apply(const Operation& operation, State* state) const override;
  std::string DescribeCall(const Call& call) const override;

 private:
  enum Verb { kPut, kGet, kErase };
};

class Register : public Specification {
 public:
  explicit Register(Value initial = 0) : initial_(initial) {}

  static Call Write(Value value) { return {kWrite, value}; }
  static Call Read() { return {kRead}; }
  static Call CompareExchange(Value expected, Value desired) {
    return {kCompareExchange, expected, desired};
  }

  const char* Name() const override { return "a register"; }
  void Begin(State* state) const override { state->push_back(initial_); }
  bool Apply(const Operation& operation, State* state) const override;
  std::string DescribeCall(const Call& call) const override;
  std::string DescribeResult(const Operation& operation) const override;

 private:
  enum Verb { kWrite, kRead, kCompareExchange };
  Value initial_;
};

}  // namespace ashlar::linearizability

#endif  // ASHLAR_STRESS_LINEARIZABILITY_SPECIFICATIONS_H_

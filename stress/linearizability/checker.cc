#include "stress/linearizability/checker.h"

#include <algorithm>
#include <array>
#include <memory_resource>
#include <span>
#include <unordered_set>
#include <utility>

#include "stress/linearizability/operation.h"
#include "stress/linearizability/picture.h"

namespace ashlar::linearizability {
namespace {

// Configurations that fit into it cost no allocation.
constexpr std::size_t kArenaBytes = 16 << 10;

// How many calls of each lane were placed, then the object's state.
using Configuration = std::pmr::vector<Value>;

struct HashOf {
  std::size_t operator()(const Configuration& configuration) const {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a, by words
    for (Value value : configuration) {
      hash = (hash ^ static_cast<std::uint64_t>(value)) * 1099511628211U;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

class Search {
 public:
  Search(const History& history, const Specification& specification, const CheckOptions& options,
         std::pmr::memory_resource* memory)
      : specification_(specification),
        options_(options),
        lanes_(memory),
        failed_(memory),
        path_(memory),
        longest_(memory) {
    lanes_.reserve(history.LaneCount());
    for (std::size_t lane = 0; lane < history.LaneCount(); ++lane) {
      const auto calls = history.LaneAt(lane);
      lanes_.push_back({calls.data(), calls.data(), calls.data() + calls.size()});
    }
    path_.reserve(history.OperationCount());
    longest_.reserve(history.OperationCount());
  }

  Answer Run() {
    State state(failed_.get_allocator());
    specification_.Begin(&state);
    if (Place(state)) return Answer::kYes;
    return gave_up_ ? Answer::kUndecided : Answer::kNo;
  }

  [[nodiscard]] std::span<const std::size_t> Longest() const { return longest_; }

 private:
  // Its calls from `next` on are left.
  struct Lane {
    const Operation* first;
    const Operation* next;
    const Operation* end;
  };

  // Places all calls that are left, in `state`; false: there is no way.
  bool Place(const State& state) {
    // When the first of them returned: what began later cannot be next.
    Time first_return = kNever;
    for (const Lane& lane : lanes_) {
      if (lane.next != lane.end) first_return = std::min(first_return, lane.next->responded);
    }
    if (first_return == kNever) return true;  // none ever did
    // Those that returned first are tried first: mostly they came first.
    const Operation* tried = nullptr;
    for (std::size_t i; (i = NextToTry(tried)) < lanes_.size();) {
      Lane& lane = lanes_[i];
      tried = lane.next;
      if (options_.precedence == Precedence::kRealTime && tried->invoked > first_return) continue;
      State after(state, state.get_allocator());
      if (!specification_.Apply(*tried, &after)) continue;
      ++lane.next;
      path_.push_back(i);
      if (MayLeadFurther(after) && Place(after)) return true;
      NoteFailure(after);
      path_.pop_back();
      --lane.next;
    }
    if (path_.size() > longest_.size()) longest_ = path_;
    return false;
  }

  // The lane whose next call returned first, of those that come behind `tried`; or none.
  [[nodiscard]] std::size_t NextToTry(const Operation* tried) const {
    const auto key = [](const Operation* call) { return std::pair(call->responded, call); };
    std::size_t best = lanes_.size();
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const Lane& lane = lanes_[i];
      if (lane.next == lane.end || (tried != nullptr && key(lane.next) <= key(tried))) continue;
      if (best == lanes_.size() || key(lane.next) < key(lanes_[best].next)) best = i;
    }
    return best;
  }

  bool MayLeadFurther(const State& state) {
    if (failed_.size() >= options_.max_configurations) gave_up_ = true;
    return !gave_up_ && (failed_.empty() || !failed_.contains(ConfigurationOf(state)));
  }

  void NoteFailure(const State& state) {
    if (!gave_up_) failed_.insert(ConfigurationOf(state));
  }

  [[nodiscard]] Configuration ConfigurationOf(const State& state) const {
    Configuration configuration(failed_.get_allocator());
    configuration.reserve(lanes_.size() + state.size());
    for (const Lane& lane : lanes_) configuration.push_back(lane.next - lane.first);
    configuration.insert(configuration.end(), state.begin(), state.end());
    return configuration;
  }

  const Specification& specification_;
  const CheckOptions& options_;
  std::pmr::vector<Lane> lanes_;
  std::pmr::unordered_set<Configuration, HashOf> failed_;
  std::pmr::vector<std::size_t> path_;  // the lanes whose calls were placed, in order
  std::pmr::vector<std::size_t> longest_;
  bool gave_up_ = false;
};

}  // namespace

Answer Check(const History& history, const Specification& specification,
             const CheckOptions& options) {
  std::array<std::byte, kArenaBytes> arena;
  std::pmr::monotonic_buffer_resource memory(arena.data(), arena.size());
  return Search(history, specification, options, &memory).Run();
}

std::string Explain(const History& history, const Specification& specification,
                    const CheckOptions& options) {
  Search search(history, specification, options, std::pmr::get_default_resource());
  const char* headline = "";
  switch (search.Run()) {
    case Answer::kYes: return "";
    case Answer::kUndecided: headline = "not decided whether this is "; break;
    case Answer::kNo:
      headline = options.precedence == Precedence::kRealTime ? "not linearizable as "
                                                             : "not sequentially consistent as ";
  }
  return std::string(headline) + specification.Name() + ":\n" +
         DrawHistory(history, specification, search.Longest());
}

}  // namespace ashlar::linearizability

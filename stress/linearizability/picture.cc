#include "stress/linearizability/picture.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "stress/linearizability/operation.h"

namespace ashlar::linearizability {
namespace {

// A beginning or an end of a call.
struct Event {
  Time time;
  bool is_end;
  std::size_t lane;
  std::string text;
  std::size_t number = 0;
};

// The number of each lane's calls in the order; 0: not in it.
std::vector<std::vector<std::size_t>> NumberCalls(const History& history,
                                                  std::span<const std::size_t> order) {
  std::vector<std::vector<std::size_t>> numbers(history.LaneCount());
  for (std::size_t i = 0; i < order.size(); ++i) numbers[order[i]].push_back(i + 1);
  for (std::size_t lane = 0; lane < numbers.size(); ++lane) {
    numbers[lane].resize(history.LaneAt(lane).size());
  }
  return numbers;
}

std::string Joined(std::string text, const std::string& more) {
  if (!text.empty() && !more.empty()) text += ' ';
  return text + more;
}

std::vector<Event> EventsOf(const History& history, const Specification& specification,
                            std::span<const std::size_t> order) {
  const auto numbers = NumberCalls(history, order);
  std::vector<Event> events;
  for (std::size_t lane = 0; lane < history.LaneCount(); ++lane) {
    const auto calls = history.LaneAt(lane);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const Operation& call = calls[i];
      events.push_back({call.invoked, false, lane, specification.DescribeCall(call.call)});
      const std::size_t number = numbers[lane][i];
      const std::string mark = number > 0 ? "#" + std::to_string(number) : "?";
      const std::string result = call.IsComplete() ? specification.DescribeResult(call) : "...";
      events.push_back({call.responded, true, lane, Joined(result, mark)});
    }
  }
  // Those of a lane are in order already, also where the clock stood still.
  for (std::size_t i = 0; i < events.size(); ++i) events[i].number = i;
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::pair(a.time, a.number) < std::pair(b.time, b.number);
  });
  return events;
}

std::string DrawLanes(const std::vector<Event>& events, std::size_t lanes) {
  std::size_t width = std::string("lane 00").size();
  for (const Event& event : events) width = std::max(width, event.text.size());
  const auto draw_row = [&](const std::vector<std::string>& cells) {
    std::string row = " ";
    for (const std::string& cell : cells)
      row += " " + cell + std::string(width + 1 - cell.size(), ' ');
    return row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  };
  std::vector<std::string> cells;
  for (std::size_t lane = 0; lane < lanes; ++lane) cells.push_back("lane " + std::to_string(lane));
  std::string text = draw_row(cells);
  std::vector<bool> is_open(lanes);
  for (const Event& event : events) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      cells[lane] = lane == event.lane ? event.text : is_open[lane] ? "|" : "";
    }
    is_open[event.lane] = !event.is_end;
    text += draw_row(cells);
  }
  return text;
}

std::string DescribeState(const State& state) {
  if (state.empty()) return "nothing";
  std::string text;
  for (Value value : state) text = Joined(std::move(text), std::to_string(value));
  return text;
}

std::string DescribeOrder(const History& history, const Specification& specification,
                          std::span<const std::size_t> order) {
  std::string text = "  the longest sequence that fits:";
  if (order.empty()) text += " none";
  State state;
  specification.Begin(&state);
  std::vector<std::size_t> placed(history.LaneCount());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Operation& call = history.LaneAt(order[i])[placed[order[i]]++];
    static_cast<void>(specification.Apply(call, &state));  // it did before
    const std::string result = call.IsComplete() ? specification.DescribeResult(call) : "...";
    text += (i > 0 ? ", #" : " #") + std::to_string(i + 1) + " " +
            Joined(specification.DescribeCall(call.call), result);
  }
  return text + "; the object then holds: " + DescribeState(state) + "\n";
}

}  // namespace

std::string DrawHistory(const History& history, const Specification& specification,
                        std::span<const std::size_t> order) {
  return DrawLanes(EventsOf(history, specification, order), history.LaneCount()) +
         DescribeOrder(history, specification, order);
}

}  // namespace ashlar::linearizability

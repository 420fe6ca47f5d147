// free_list.h - the example of the top-level README: three numbers that threads take and give back,
// in Treiber's way and with its ABA bug. What a user would have in a header of their own.
#ifndef ASHLAR_STRESS_EXPLORER_EXAMPLE_FREE_LIST_H_
#define ASHLAR_STRESS_EXPLORER_EXAMPLE_FREE_LIST_H_

#include <atomic>

class FreeList {
 public:
  int Take() {  // -1: all are taken
    int top = top_.load();
    while (top >= 0 && !top_.compare_exchange_strong(top, next_[top].load())) {}
    return top;
  }
  void GiveBack(int number) {
    int top = top_.load();
    do next_[number].store(top);
    while (!top_.compare_exchange_strong(top, number));
  }

 private:
  std::atomic<int> top_ = 0;
  std::atomic<int> next_[3] = {1, 2, -1};
};

#endif  // ASHLAR_STRESS_EXPLORER_EXAMPLE_FREE_LIST_H_

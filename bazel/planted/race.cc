// Two threads increment a counter: under a mutex, or with the bug planted, without.
#include <mutex>
#include <thread>

namespace {

struct Counter {
  void Increment() {
    std::unique_lock lock(mutex, std::defer_lock);
    if (!ASHLAR_PLANT) lock.lock();
    ++value;
  }

  std::mutex mutex;
  int value = 0;
};

// Not a local of main: clang 19 does not instrument what a function does to a field of its own
// local object, even when another thread has the object's address.
Counter counter;

}  // namespace

int main() {
  std::thread other([] { counter.Increment(); });
  counter.Increment();
  other.join();
  return counter.value > 0 ? 0 : 1;
}

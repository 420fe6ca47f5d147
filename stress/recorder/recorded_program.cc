// recorded_program.cc - a program that makes life hard for a recorder; recorder_test.cc records it.
//
//   recorded_program          threads, then hostile descriptors, then children; exit code 0 if all
//                             went as a program without a recorder would see it
//   recorded_program aborts   what the first becomes by exec: allocates and aborts
//   recorded_program farewells  threads, one at a time, for which the C library frees a buffer when
//                               all destructors have run
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 4;
constexpr int kStepsPerThread = 10000;
constexpr int kFirstDescriptor = 3;
constexpr int kLastDescriptor = 250;

// Blocks on their way to whichever thread takes them.
class Exchange {
 public:
  // Gives `block` away and takes the oldest other one, if there are enough.
  void* Swap(void* block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    blocks_.push_back(block);
    if (blocks_.size() < 64) return nullptr;
    void* const oldest = blocks_.front();
    blocks_.pop_front();
    return oldest;
  }
  std::deque<void*>& blocks() { return blocks_; }

 private:
  std::mutex mutex_;
  std::deque<void*> blocks_;
};

void* AllocateSomehow(std::minstd_rand& random) {
  const std::size_t size_bytes = random() % 700;
  void* block = nullptr;
  switch (random() % 6) {
    case 0:
      return std::calloc(random() % 9, size_bytes);
    case 1:
      return posix_memalign(&block, 256, size_bytes) == 0 ? block : nullptr;
    case 2:
      return memalign(64, size_bytes);
    case 3:
      return std::aligned_alloc(128, size_bytes);
    default:
      return std::malloc(size_bytes);
  }
}

void Work(Exchange& exchange, unsigned seed) {
  std::minstd_rand random(seed);
  for (int i = 0; i < kStepsPerThread; ++i) {
    void* block = AllocateSomehow(random);
    if (random() % 3 != 0) {
      // Mostly moves: other threads get the old block at once.
      if (void* const grown = std::realloc(block, random() % 5000 + 1)) block = grown;
    }
    std::free(exchange.Swap(block));
  }
}

void RunThreads(Exchange& exchange) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back([&, i] { Work(exchange, i + 1); });
  for (std::thread& thread : threads) thread.join();
}

// Closes all that it has not opened, as daemons do, and lets other files have the numbers.
bool KeepsItsOwnFilesAndErrno() {
  for (int fd = kFirstDescriptor; fd <= kLastDescriptor; ++fd) close(fd);
  errno = EDOM;
  std::free(std::malloc(10));
  if (errno != EDOM) return false;
  std::FILE* const own = std::tmpfile();
  if (own == nullptr) return false;
  for (int fd = kLastDescriptor - 100; fd <= kLastDescriptor; ++fd) dup2(fileno(own), fd);
  std::free(std::malloc(100));
  struct stat status {};
  const bool is_untouched = fstat(fileno(own), &status) == 0 && status.st_size == 0;
  std::fclose(own);
  return is_untouched;
}

bool FailsAsItShould() {
  void* block = nullptr;
  volatile std::size_t too_much = static_cast<std::size_t>(-1) / 2;
  errno = 0;
  if (std::malloc(too_much) != nullptr || errno != ENOMEM) return false;
  block = std::malloc(10);
  if (std::realloc(block, too_much) != nullptr) return false;
  std::free(block);
  std::free(nullptr);
  return std::calloc(too_much, 4) == nullptr && posix_memalign(&block, 24, 8) == EINVAL;
}

bool EndedWith(pid_t child, int expected_status) {
  int status = 0;
  return waitpid(child, &status, 0) == child && status == expected_status;
}

bool HasChildThatFreesWhatItInherited(Exchange& exchange) {
  const pid_t child = fork();
  if (child != 0) return EndedWith(child, 0);
  for (void* block : exchange.blocks()) std::free(block);
  Exchange own;
  RunThreads(own);
  _exit(0);
}

bool HasChildThatExecs(char* self) {
  const pid_t child = fork();
  if (child != 0) return EndedWith(child, SIGABRT);
  void* const kept = std::malloc(1000);
  char aborts[] = "aborts";
  char* const arguments[] = {self, aborts, nullptr};
  execv(self, arguments);
  std::free(kept);
  _exit(1);
}

[[noreturn]] void Abort() {
  for (int i = 0; i < 100; ++i) std::free(std::malloc(123));
  std::abort();
}

int SayFarewells() {
  for (int i = 0; i < 100; ++i)
    std::thread([] { std::free(strerror(123456) != nullptr ? std::malloc(10) : nullptr); }).join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "farewells") == 0) return SayFarewells();
  if (argc > 1) Abort();
  Exchange exchange;
  RunThreads(exchange);
  if (!FailsAsItShould()) return 2;
  if (!KeepsItsOwnFilesAndErrno()) return 3;
  if (!HasChildThatFreesWhatItInherited(exchange)) return 4;
  if (!HasChildThatExecs(argv[0])) return 5;
  for (void* block : exchange.blocks()) std::free(block);
  return 0;
}

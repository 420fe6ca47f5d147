// Adds one to the number of arguments, or with the bug planted, to the largest int.
#include <limits>

int main(int argc, char**) {
  const int start = ASHLAR_PLANT ? std::numeric_limits<int>::max() : 1;
  const int sum = start + argc;
  return sum != 0 ? 0 : 1;
}

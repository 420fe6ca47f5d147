#include "stress/bring_your_own/any_allocator.h"

#include "stress/linearizability/operation.h"

#include "stress/run/observer.h"

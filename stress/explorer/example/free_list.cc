#include "stress/explorer/example/free_list.h"

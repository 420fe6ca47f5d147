#include "bench/explorer/free_list.h"

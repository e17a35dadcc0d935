#include "callgrind.h"

/* gil/dice.c - random numbers for policies: the same seed, the same numbers. Room: gil/. Runs under the lock's mutex.
 *
 * Steele, Lea and Flood's SplitMix64 (2014): one word of state, which lies in the lock's slot, and good bits from any
 * seed, also from 0 and 1.
 *
 * A draw of one out of many, with chances in proportion to weights, needs no look at the many: whoever starts to wait
 * draws the time at which a clock of its own will ring, exponentially distributed with a mean of 1/weight, and the
 * clock that rings first has won. The chance to be first is the weight's share of the sum; and since the exponential
 * distribution has no memory, the clocks of those who lost are as good as newly drawn. Heap and dice together make a
 * lottery among a thousand as cheap as one among two.
 */
#include <math.h>

#include "gil_internal.h"

uint64_t gil_dice_draw(uint64_t *dice) {
  uint64_t z = *dice += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t gil_dice_seed(int64_t seed) {
  uint64_t dice = (uint64_t)seed;
  return gil_dice_draw(&dice);
}

/* The remainder favours small numbers by one part in 2^64 / bound, which nobody will see. */
int64_t gil_dice_below(uint64_t *dice, int64_t bound) { return (int64_t)(gil_dice_draw(dice) % (uint64_t)bound); }

double gil_dice_exponential(uint64_t *dice) {
  double uniform = (double)((gil_dice_draw(dice) >> 11) + 1) * 0x1p-53; /* above 0, up to 1 */
  return -log(uniform);
}

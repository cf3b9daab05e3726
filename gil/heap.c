/* gil/heap.c - waiters in the order of a key: a pairing heap whose nodes lie in the threads' slots. Room: gil/. Runs
 * under the lock's mutex, on behalf of policies.
 *
 * A policy that picks the waiter with the least key could look at all of them; with a thousand waiters that is a
 * thousand cache misses at each change of hands, while the mutex is held. A pairing heap adds in constant time, and
 * removes in logarithmic time on average, wherever the node is: a waiter can also get the lock in other ways than by
 * the policy's choice. It needs no memory of its own.
 *
 * Each node knows its first child and its next sister; `prev` is the sister before it or, for a first child, the
 * parent.
 */
#include "gil_internal.h"

static struct gil_heap_node *node_of(const gil_thread *thread) { return gil_thread_slot(thread); }

bool gil_heap_has(const gil_thread *thread) { return node_of(thread)->prev; }

int64_t gil_heap_key(const gil_thread *thread) { return node_of(thread)->key; }

static bool is_before(const struct gil_heap_node *a, const struct gil_heap_node *b) {
  if (a->key != b->key) return a->key < b->key;
  return (int32_t)(a->number - b->number) < 0; /* the count may have wrapped around */
}

/* Makes one tree of two. Either may be NULL. */
static gil_thread *meld(gil_thread *a, gil_thread *b) {
  if (!a || !b) return a ? a : b;
  gil_thread *top = is_before(node_of(b), node_of(a)) ? b : a, *under = top == a ? b : a;
  struct gil_heap_node *parent = node_of(top), *child = node_of(under);
  if (parent->child) node_of(parent->child)->prev = under;
  child->next = parent->child;
  child->prev = top;
  parent->child = under;
  return top;
}

/* Makes one tree of a row of sisters: in pairs from the left, then all pairs from the right. */
static gil_thread *meld_row(gil_thread *first) {
  gil_thread *pairs = NULL, *all = NULL;
  while (first) {
    gil_thread *second = node_of(first)->next;
    gil_thread *rest = second ? node_of(second)->next : NULL;
    node_of(first)->next = NULL;
    if (second) node_of(second)->next = NULL;
    gil_thread *pair = meld(first, second);
    node_of(pair)->next = pairs;
    pairs = pair;
    first = rest;
  }
  while (pairs) {
    gil_thread *rest = node_of(pairs)->next;
    node_of(pairs)->next = NULL;
    all = meld(all, pairs);
    pairs = rest;
  }
  return all;
}

static void set_root(struct gil_heap *heap, gil_thread *root) {
  heap->first = root;
  if (root) node_of(root)->prev = root;
}

void gil_heap_add(struct gil_heap *heap, gil_thread *thread, int64_t key) {
  struct gil_heap_node *node = node_of(thread);
  node->key = key;
  node->number = heap->added++;
  node->child = node->next = NULL;
  set_root(heap, meld(heap->first, thread));
}

void gil_heap_remove(struct gil_heap *heap, gil_thread *thread) {
  struct gil_heap_node *node = node_of(thread);
  if (!node->prev) return;
  gil_thread *children = meld_row(node->child);
  if (heap->first == thread) {
    set_root(heap, children);
  } else {
    struct gil_heap_node *before = node_of(node->prev);
    if (before->child == thread)
      before->child = node->next;
    else
      before->next = node->next;
    if (node->next) node_of(node->next)->prev = node->prev;
    set_root(heap, meld(heap->first, children));
  }
  node->child = node->next = node->prev = NULL;
}

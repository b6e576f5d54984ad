#!/bin/sh
# Makes a Node that runs where there is no glibc: the official one, stripped, with the loader and the libraries
# that it needs beside it in one folder, from which it takes them and nowhere else.
#   sh cross/runtime.sh CPU NODE OUT     CPU: aarch64 or x86_64 · NODE: the program · OUT: the folder to fill
set -eu
cpu=$1 node=$2 out=$3
home=/usr/lib/ikev2-ts-runtime # where the folder stands on the router: the kernel asks for the loader's full name

case $cpu in
  aarch64) loader=ld-linux-aarch64.so.1 from=/usr/aarch64-linux-gnu/lib strip=aarch64-linux-gnu-strip ;;
  x86_64) loader=ld-linux-x86-64.so.2 from=/lib/x86_64-linux-gnu strip=x86_64-linux-gnu-strip ;;
  *) echo "cross/runtime.sh: no such processor: $cpu" >&2; exit 2 ;;
esac

# libdl and libpthread are empty since glibc 2.34, but asked for.
libraries="$loader libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 libgcc_s.so.1 libstdc++.so.6"

rm -rf "$out"
mkdir -p "$out"
for library in $libraries; do
  file=$from/$library
  [ -e "$file" ] || file=/usr/lib/x86_64-linux-gnu/$library
  cp -L "$file" "$out/$library"
  $strip --strip-unneeded "$out/$library"
done
cp "$node" "$out/node"
chmod 0755 "$out"/*
$strip "$out/node"
patchelf --set-interpreter "$home/$loader" --set-rpath "$home" "$out/node"

# Whatever it loads has to be in the folder.
for file in "$out"/*; do
  for needed in $(patchelf --print-needed "$file"); do
    [ -e "$out/$needed" ] || { echo "cross/runtime.sh: $file needs $needed" >&2; exit 1; }
  done
done

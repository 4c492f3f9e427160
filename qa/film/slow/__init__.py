"""What bends slowly and springs back, each place compared with itself."""
